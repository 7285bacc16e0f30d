"""How soon a pass of the completion follows the one before: at once after a rest."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Keeps passes of one process apart: under load jobs gather, a job alone does not wait."""

    def __init__(self, gap_s: float) -> None:
        """`gap_s` is the time between the beginnings of two passes (seconds)."""
        self._gap_s = gap_s
        self._next_s = 0.0

    def keep(self, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Wait until a pass may begin."""
        wait_s = min(self._next_s - monotonic(), self._gap_s)
        if wait_s > 0:
            sleep(wait_s)
        self._next_s = monotonic() + self._gap_s
