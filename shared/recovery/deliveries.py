"""Deliveries that are due, whose worker died or whose message is gone, and receivers with room."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from shared.callbacks.delivery_keys import LINE, MESSAGES
from shared.callbacks.delivery_store import receiver_limits
from shared.queues import names as task_names
from shared.recovery.search import BATCH, Search
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, redis_clock
from shared.store.scripts import Call


class DeliveryRecovery(Ledger):
    """Finds and moves deliveries. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._search = Search(client, settings, clock)

    def repush_deliveries(self) -> int:
        """Give a fresh message to each due delivery whose message is gone; return how many."""
        return self._search.repush([task_names.CALLBACKS_QUEUE], [0], task_names.DELIVER, "Pending")

    def return_deliveries(self, *, reap: bool = True) -> int:
        """Push what is due again and what a worker that is gone held; return how many.

        `reap`: whether a lease that is past due says so.
        """
        return self.promote_deliveries() + (self.reap_deliveries() if reap else 0)

    def promote_deliveries(self) -> int:
        """Push deliveries whose next attempt is due; return how many. Nobody failed here."""
        return self._return(keys.DELIVERIES_DELAYED, self._search.due(keys.DELIVERIES_DELAYED))

    def reap_deliveries(self) -> int:
        """Push deliveries whose worker is gone; return how many."""
        ids = self._search.due_leases(keys.DELIVERIES_LEASES, self._settings.callback_lease_s)
        return self._return(keys.DELIVERIES_LEASES, ids)

    def wake_receivers(self) -> int:
        """Push parked deliveries for which there is room again; return how many."""
        return self._wake_endpoints() + self._drain_receivers()

    def _wake_endpoints(self) -> int:
        now = self._clock()
        due = self._scripts.run(Call("due", [keys.ENDPOINTS_WAKES], [now, BATCH]))
        calls = [
            Call(
                "wake_endpoint",
                [
                    keys.ENDPOINTS_WAKES,
                    keys.ENDPOINT_PREFIX,
                    keys.HOST_PREFIX,
                    keys.DELIVERIES_LEASES,
                    keys.DELIVERIES_PARKED,
                    MESSAGES,
                    LINE,
                    keys.QUEUE_PLACE,
                ],
                [now, name, *receiver_limits(self._settings)],
            )
            for name in due
        ]
        return sum(self._scripts.run_all(calls))

    def _drain_receivers(self) -> int:
        """Push what workers of an older version left waiting, who knew no endpoints."""
        now = self._clock()
        due = self._scripts.run(Call("due", [keys.RECEIVERS_WAKES], [now, BATCH]))
        calls = [
            Call(
                "drain_receiver",
                [
                    keys.RECEIVERS_WAKES,
                    keys.parked_by_receiver(name.decode()),
                    MESSAGES,
                    LINE,
                    keys.QUEUE_PLACE,
                ],
                [now, name, BATCH],
            )
            for name in due
        ]
        return sum(self._scripts.run_all(calls))

    def _return(self, source: str, ids: Sequence[int]) -> int:
        now = self._clock()
        calls = [
            Call(
                "return_delivery",
                [
                    keys.delivery(job_id),
                    source,
                    MESSAGES,
                    LINE,
                    keys.QUEUE_PLACE,
                    keys.ENDPOINT_PREFIX,
                    keys.HOST_PREFIX,
                    keys.RECEIVER_PREFIX,
                ],
                [now, job_id],
            )
            for job_id in reversed(ids)
        ]
        return sum(self._scripts.run_all(calls))
