"""Gives up deliveries that have been Pending for longer than their whole schedule takes.

A receiver that rests, or has more callbacks than it can take, stops the schedule of those that
wait for it: they use up no attempts. Without this they would wait for as long as it is gone.
"""

from __future__ import annotations

from typing import Any, Final

import redis

from shared.callbacks.delivery import Delivery, DeliveryState
from shared.callbacks.delivery_keys import LINE, MESSAGES, MISSING, of_events, records
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.events import exhausted_event
from shared.jobs.job import Job
from shared.ledger.job_store import JobStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, milliseconds, redis_clock, unix_ms
from shared.store.scripts import Call

#: Most deliveries of one owner looked at in one tick.
_BATCH: Final = 1000
_NEVER_TRIED: Final = "its receiver never had room for it"


class OverdueDeliveries(Ledger):
    """Finds and ends them. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._jobs = JobStore(client, settings, clock)
        self._deliveries = DeliveryStore(client, settings, clock)
        #: By owner, how many are passed over: they were replayed, and have their time anew.
        self._seen: dict[bytes, int] = {}

    def give_up(self) -> int:
        """End, as Exhausted, what is overdue; return how many."""
        ids = self._overdue()
        if not ids:
            return 0
        calls = [
            self._call(job, delivery)
            for job, delivery in zip(
                self._jobs.summaries(ids), map(self._deliveries.get, ids), strict=True
            )
            if job is not None and delivery is not None
        ]
        return sum(self._scripts.run_all(calls))

    def _overdue(self) -> list[int]:
        """Return some of them; each time those behind the ones looked at before."""
        owners: Any = list(self._client.smembers(keys.DELIVERIES_OWNERS))
        skips = [self._seen.get(owner, 0) for owner in owners]
        told = self._scripts.run_all([self._look(*one) for one in zip(owners, skips, strict=True)])
        found: list[int] = []
        self._seen = {}
        for owner, skip, (looked, *ids) in zip(owners, skips, told, strict=True):
            found += map(int, ids)
            if looked == _BATCH:
                self._seen[owner] = skip + looked - len(ids)
        return found

    def _look(self, owner: bytes, skip: int) -> Call:
        pending = keys.deliveries_of(owner.decode(), DeliveryState.PENDING)
        life_ms = milliseconds(self._settings.callback_life_s)
        args = [self._clock(), life_ms, _BATCH, skip]
        return Call("overdue_deliveries", [pending, keys.DELIVERY_PREFIX], args)

    def _call(self, job: Job, delivery: Delivery) -> Call:
        reason = _reason(self._settings.callback_life_s, delivery)
        return Call(
            "give_up_delivery",
            [
                *records(job),
                keys.DELIVERIES_LEASES,
                keys.DELIVERIES_DELAYED,
                MESSAGES,
                LINE,
                MISSING,
                keys.QUEUE_PLACE,
                keys.ENDPOINT_PREFIX,
                *of_events(job.owner),
                keys.HOST_PREFIX,
                keys.DELIVERIES_PARKED,
            ],
            [
                self._clock(),
                job.id,
                milliseconds(self._settings.callback_life_s),
                str(DeliveryState.EXHAUSTED),
                reason,
                milliseconds(self._settings.result_ttl_s),
                job.owner,
                self._event(job, delivery, reason),
            ],
        )

    def _event(self, job: Job, delivery: Delivery, reason: str) -> bytes:
        if job.event:
            return b""
        now_ms = self._clock() or unix_ms()
        return exhausted_event(job, delivery.url, delivery.attempts, reason, now_ms)


def _reason(life_s: float, delivery: Delivery) -> str:
    return f"not taken within {life_s / 3600:.0f} hours: {delivery.reason or _NEVER_TRIED}"
