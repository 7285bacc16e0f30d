"""Counts of what happened, over all processes, for metrics and for people."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import redis

from shared.store import redis_keys as keys

log = logging.getLogger(__name__)


class Count(StrEnum):
    """What is counted."""

    REFUSED_QUEUE_FULL = "refused_queue_full"
    REFUSED_OWNER_QUEUE_FULL = "refused_owner_queue_full"
    REFUSED_OWNER_QUEUE_BYTES = "refused_owner_queue_bytes"
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


#: Bounds of the latency counts (milliseconds), each some 1.5 times the one before.
LATENCY_BOUNDS_MS: Final = (
    *(5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000),
    *(7_500, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000),
)


def latency_field(bound_ms: int | None) -> str:
    """Return under which name jobs answered within this bound are counted; None: the slower."""
    return f"latency_ms:{'slower' if bound_ms is None else bound_ms}"


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

    def add_ended(self, ended: Mapping[Count, int], latencies_ms: Iterable[int]) -> None:
        """Count jobs that ended, and those answered by how long they took from their accept.

        In one round trip: some hundred jobs end at once, but of a busy day mostly one or two.
        """
        counts: Counter[str] = Counter(ended)
        counts.update(latency_field(_bound(ms)) for ms in latencies_ms)
        pipe = self._client.pipeline(transaction=False)
        for name, number in counts.items():
            pipe.hincrby(keys.COUNTERS, name, number)
        try:
            pipe.execute()
        except redis.RedisError as exc:
            log.debug("ends of jobs not counted: %s", exc)

    def read(self) -> dict[str, int]:
        """Return all counts that are not zero. Raises redis.RedisError."""
        row: Any = self._client.hgetall(keys.COUNTERS)
        return {name.decode(): int(value) for name, value in row.items()}


def _bound(latency_ms: int) -> int | None:
    at = bisect_left(LATENCY_BOUNDS_MS, latency_ms)
    return LATENCY_BOUNDS_MS[at] if at < len(LATENCY_BOUNDS_MS) else None
