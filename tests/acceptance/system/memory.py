"""What processes hold, memory and sockets, read from Linux's /proc."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def family(pid: int) -> Iterator[int]:
    """Yield the process and all that descend from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text("ascii").split():
            yield from family(int(child))


def resident_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    """Return how many files, connections among them, a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def open_sockets(pid: int, besides_port: int) -> int:
    """Return how many sockets a process has open, besides its connections to this port."""
    besides = _connected_to(pid, besides_port)
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        # It may be closed meanwhile.
        with contextlib.suppress(FileNotFoundError):
            name = descriptor.readlink().name
            found += name.startswith("socket:") and name[len("socket:[") : -1] not in besides
    return found


def _connected_to(pid: int, port: int) -> set[str]:
    """Return the inodes of IPv4 sockets that are connected to a port; see proc(5)."""
    rows = Path(f"/proc/{pid}/net/tcp").read_text("ascii").splitlines()[1:]
    return {row.split()[9] for row in rows if row.split()[2].endswith(f":{port:04X}")}
