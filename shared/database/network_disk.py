"""Whether a file is on another machine's disk, as Linux's table of mounts says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

#: File systems that machines share. SQLite's write-ahead log needs memory that all its processes
#: share, and its locks must hold (https://sqlite.org/wal.html, https://sqlite.org/howtocorrupt.html
#: 2.1): there they do not.
_OF_NETWORKS: Final = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gfs2", "ocfs2"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs", "beegfs"),
    )
)
_MOUNTS: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the name of the network file system that holds the path; else nothing.

    The path need not be there yet. Nothing too where no table tells of mounts.
    """
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    kinds = dict(found for line in lines if (found := _mount(line)))
    whole = path.resolve()
    for place in (whole, *whole.parents):
        if kind := kinds.get(str(place)):
            return kind if kind in _OF_NETWORKS else ""
    return ""


def _mount(line: str) -> tuple[str, str] | None:
    """Return where a file system is mounted, and its kind (proc_pid_mountinfo(5)).

    Of two at one place the later one, which hides the other, comes last.
    """
    before, _, after = line.partition(" - ")
    fields = before.split(" ")
    if len(fields) < 5 or not after:  # noqa: PLR2004
        return None
    place = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
    return place, after.split(" ")[0]
