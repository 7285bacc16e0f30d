"""Times in unix milliseconds: Redis's, which all machines share, and this machine's."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Returns unix milliseconds, or 0 for Redis's own clock, the only one that all machines share.
Clock = Callable[[], int]


def redis_clock() -> int:
    """Leave the time to Redis. Any other clock is for tests."""
    return 0


def redis_ms(moment: tuple[int, int]) -> int:
    """Return Redis's answer to TIME as unix milliseconds."""
    seconds, micros = moment
    return int(seconds) * 1000 + int(micros) // 1000


def unix_ms() -> int:
    """Return this machine's time (unix milliseconds)."""
    return milliseconds(time.time())


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds."""
    return round(seconds * 1000)
