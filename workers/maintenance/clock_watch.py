"""Notices when Redis's clock is set, ahead or back, by a clock of this process that never is."""

from __future__ import annotations


class ClockWatch:
    """Holds two clocks beside each other, look after look. Pure."""

    def __init__(self) -> None:
        #: By how much Redis's was ahead of ours, at the least and at the most (seconds).
        self._ahead_s: tuple[float, float] | None = None

    def step_s(self, redis_s: float, before_s: float, after_s: float) -> float:
        """Return how far it was set since the last look: ahead is more than 0, back is less.

        `redis_s` is what it told between two moments of ours (seconds). What may just be a slow
        answer, this time or the last, is left out: so the step may have been larger, never smaller.
        """
        known, self._ahead_s = self._ahead_s, (redis_s - after_s, redis_s - before_s)
        if known is None:
            return 0.0
        ahead_s, back_s = self._ahead_s[0] - known[1], self._ahead_s[1] - known[0]
        return max(0.0, ahead_s) or min(0.0, back_s)
