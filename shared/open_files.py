"""The limit of open files, under which each connection is one."""

from __future__ import annotations

import resource
from typing import Final

#: Files and connections that one process may have open.
_OPEN_FILES: Final = 65_536


def allow_many_connections() -> None:
    """Raise this process's limit as far as it may; children inherit it. Often it is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
