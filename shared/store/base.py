"""What everything that issues the ledger's commands stands on: connection, scripts, clock."""

from __future__ import annotations

from typing import Any

import redis

from shared.settings import Settings
from shared.store.clock import Clock, redis_clock, redis_ms
from shared.store.scripts import ScriptRunner


class Store:
    """The base of whatever keeps something in Redis. Its methods raise redis.RedisError."""

    def __init__(self, client: redis.Redis, clock: Clock = redis_clock) -> None:
        self._client = client
        self._scripts = ScriptRunner(client)
        self._clock = clock

    def _now_ms(self) -> int:
        """Return the time (unix ms), for commands that are no scripts: these ask Redis anyway."""
        now_ms = self._clock()
        if now_ms:
            return now_ms
        moment: Any = self._client.time()
        return redis_ms(moment)


class Ledger(Store):
    """The base of those whose moves depend on settings."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, clock)
        self._settings = settings
