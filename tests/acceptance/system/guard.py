"""Ends the processes of the tests when the tests themselves were killed.

A process of its own: it reads `+<group>` and `-<group>` lines, and when its input ends, however the
writer ended, it kills the groups that are left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys


class Guard:
    """The writing side. One for all process groups of a stack."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, start_new_session=True
        )

    def watch(self, group: int) -> None:
        """Have this group killed at the end."""
        self._write(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave this group alone: it has ended, and its number may be somebody else's."""
        self._write(f"-{group}\n")

    def close(self) -> None:
        """Kill what is left."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()


def main() -> None:
    """Read until the writer is gone, then kill."""
    # A Ctrl-C in the terminal is for the tests; what they leave behind is for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
