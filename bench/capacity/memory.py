"""Memory of processes, from /proc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. `rss` counts pages that processes share in each of them, `pss` once over all."""

    rss: int
    pss: int


def of(pids: Sequence[int]) -> Memory:
    """Return the sum over these processes; nothing is counted where there is no /proc."""
    parts = [_rollup(pid) for pid in pids]
    return Memory(sum(m.rss for m in parts), sum(m.pss for m in parts))


def _rollup(pid: int) -> Memory:
    """Read what the kernel has added up; see proc(5)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    except OSError:
        return Memory(0, 0)
    kib = {
        name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])
    }
    return Memory(kib["Rss"] * 1024, kib["Pss"] * 1024)
