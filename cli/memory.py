"""How much memory this process may take: the machine's, or what its control groups leave of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

#: Where Linux mounts the control groups, and names those of a process.
_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def memory_bytes(groups: Path = _GROUPS, membership: Path = _MEMBERSHIP) -> int | None:
    """Return the least of the machine's memory and the groups' limits; None when nobody tells.

    A group's limit holds for those below it (https://docs.kernel.org/admin-guide/cgroup-v2.html).
    """
    known = [limit for limit in (_machine_bytes(), *_limits(groups, membership)) if limit]
    return min(known, default=None)


def _machine_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _limits(groups: Path, membership: Path) -> Iterator[int]:
    try:
        lines = membership.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _limits_above(groups, path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _limits_above(groups / "memory", path, "memory.limit_in_bytes")


def _limits_above(root: Path, path: str, file: str) -> Iterator[int]:
    # In a container its own group may be the root, while its path is that of the host.
    group = PurePosixPath(path.lstrip("/"))
    for place in (group, *group.parents):
        try:
            yield int((root / place / file).read_text("ascii"))
        except (OSError, ValueError):
            # Not there, or "max": no limit.
            continue
