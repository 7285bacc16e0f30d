"""Counts of what happened, over all processes, for metrics and for people."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Any

import redis

from shared import redis_keys as keys

log = logging.getLogger(__name__)


class Count(StrEnum):
    """What is counted."""

    REFUSED_QUEUE_FULL = "refused_queue_full"
    REFUSED_OWNER_QUEUE_FULL = "refused_owner_queue_full"
    REFUSED_SYNC_LIMIT = "refused_sync_limit"
    REFUSED_KEY_LIMIT = "refused_key_limit"
    REFUSED_BODY_TOO_LARGE = "refused_body_too_large"
    ENDED_COMPLETED = "ended_completed"
    ENDED_FAILED = "ended_failed"
    ENDED_CANCELLED = "ended_cancelled"
    LATE_RESULTS_REFUSED = "late_results_refused"
    DEFERRED = "deferred"
    REAPED = "reaped"
    EXPIRED = "expired"
    MESSAGES_PUSHED_AGAIN = "messages_pushed_again"
    DELIVERIES_RETURNED = "deliveries_returned"
    DELIVERIES_GIVEN_UP = "deliveries_given_up"
    DOORBELLS_RUNG_AGAIN = "doorbells_rung_again"


class Counters:
    """Adds and reads counts. A count that cannot be added is lost: it stops nothing."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def add(self, count: Count, number: int = 1) -> None:
        """Add to a count."""
        try:
            self._client.hincrby(keys.COUNTERS, count, number)
        except redis.RedisError as exc:
            log.debug("count %s not added: %s", count, exc)

    def read(self) -> dict[str, int]:
        """Return all counts that are not zero. Raises redis.RedisError."""
        row: Any = self._client.hgetall(keys.COUNTERS)
        return {name.decode(): int(value) for name, value in row.items()}
