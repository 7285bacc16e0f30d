"""CPU time of a process with all its children, from /proc; NaN where there is none."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class _Stat(NamedTuple):
    parent: int
    cpu_s: float


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU (user and system) that the process and its children have used."""
    if not (_PROC / "self" / "stat").exists():
        return math.nan
    stats = {int(path.name): stat for path in _PROC.glob("[0-9]*") if (stat := _read(path))}
    children = defaultdict(list)
    for child, stat in stats.items():
        children[stat.parent].append(child)
    return _sum(pid, stats, children)


def _sum(pid: int, stats: dict[int, _Stat], children: dict[int, list[int]]) -> float:
    own = stats[pid].cpu_s if pid in stats else 0.0
    return own + sum(_sum(child, stats, children) for child in children.get(pid, ()))


def _read(folder: Path) -> _Stat | None:
    try:
        text = (folder / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    # The command's name is in brackets and may hold spaces. See proc(5).
    fields = text.rpartition(")")[2].split()
    return _Stat(int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
