"""How soon a pass of the completion follows those before: at once, unless there were many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: What one job adds to the gap behind a pass that found it (seconds): where a few come at a time
#: the gap is as short as it can be.
_A_JOB_S: Final = 0.008


class Pace:
    """Keeps passes of one process apart: under load jobs gather, few jobs do not wait.

    Each pass takes a gap of time, the longer the more jobs it found, and after a rest some may be
    taken at once, ahead of time.
    """

    def __init__(self, gap_s: float, longest_s: float, at_once: int = 5) -> None:
        """`gap_s` and `longest_s`: the time between the beginnings of two passes (seconds)."""
        self._gap_s, self._longest_s, self._ahead_s = gap_s, longest_s, gap_s * at_once
        #: When all passes so far would have been over, a gap after the other.
        self._taken_until_s = 0.0

    def keep(self, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Wait until a pass may begin."""
        wait_s = min(self._taken_until_s - self._ahead_s - monotonic(), self._longest_s)
        if wait_s > 0:
            sleep(wait_s)

    def passed(self, monotonic: Callable[[], float], jobs: int) -> None:
        """Note a pass that found so many jobs: to look and find none costs little."""
        now_s = monotonic()
        ahead_s = min(max(self._taken_until_s - now_s, 0.0), self._ahead_s)
        gap_s = min(max(self._gap_s, jobs * _A_JOB_S), self._longest_s)
        self._taken_until_s = now_s + ahead_s + gap_s
