"""What every part of the ledger stands on: the connection to Redis, its scripts, its clock."""

from __future__ import annotations

from collections.abc import Callable

import redis

from shared.scripts import ScriptRunner
from shared.settings import Settings

#: Returns unix milliseconds, or 0 for Redis's own clock, the only one that all machines share.
Clock = Callable[[], int]


def redis_clock() -> int:
    """Leave the time to Redis. Any other clock is for tests."""
    return 0


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds."""
    return round(seconds * 1000)


class Ledger:
    """The base of the parts that issue the ledger's commands. They raise redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        self._client = client
        self._scripts = ScriptRunner(client)
        self._settings = settings
        self._clock = clock
