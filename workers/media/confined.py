"""Runs one program within limits, without a network; a process of its own.

`python -m workers.media.confined '{"memory_bytes": …, "cpu_s": …, "file_bytes": …}' PROGRAM …`
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import sys
from typing import Final

#: Namespaces of its own (man unshare(2)): of users, so that it may have one of the network.
_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
_MOST_FILES: Final = 64


def confine(memory_bytes: int, cpu_s: int, file_bytes: int) -> None:
    """Limit this process and all that it becomes, and take the network from it."""
    _leave_network()
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _leave_network() -> None:
    """Go where there is no network. Some machines do not allow that: what runs asks for none."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def main() -> None:
    """Confine this process and become the program."""
    limits, program = json.loads(sys.argv[1]), sys.argv[2:]
    confine(**limits)
    os.execv(program[0], program)  # noqa: S606 - the words are ours, and there is no shell


if __name__ == "__main__":
    main()
