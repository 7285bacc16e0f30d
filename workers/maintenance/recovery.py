"""One pass of maintenance: everything due, dead or missing is put back on its way.

Runs in every completion worker. Each of its moves is atomic and checks for itself, so any number
of ticks at once, also one that dies half-way, do no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from shared.callbacks.delivery_index import DeliveryIndex
from shared.recovery.overdue import OverdueDeliveries
from shared.recovery.recovery_store import RecoveryStore
from shared.store.clock import redis_ms
from shared.store.complaints import Complaints
from shared.telemetry.counters import Count
from workers.maintenance.clock_watch import ClockWatch
from workers.maintenance.gates import tend_gates
from workers.process import Process
from workers.routing.deps import RoutingDeps

log = logging.getLogger(__name__)

#: Steps of Redis's clock up to this change nothing (seconds).
_LEAST_STEP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class TickDeps:
    """What is looked through, and what is known of the providers."""

    process: Process
    routing: RoutingDeps
    recovery: RecoveryStore
    overdue_deliveries: OverdueDeliveries
    delivery_index: DeliveryIndex
    complaints: Complaints = field(default_factory=lambda: Complaints(log, "tick:"))


class Tick:
    """The pass, and since when the ledger has been answering it."""

    def __init__(self, deps: TickDeps) -> None:
        self._deps = deps
        self._healthy_since_s: float | None = None
        self._watch = ClockWatch()

    def __call__(self) -> None:
        """Make one pass. Raises redis.RedisError."""
        try:
            self._pass()
        except Exception:
            self._healthy_since_s = None
            raise

    def _pass(self) -> None:
        step_s = self._step_s()
        recovery, may_reap = self._deps.recovery, self._may_reap(step_s)
        self._step("pauses", lambda: self._make_up_for(-step_s))
        self._step("delayed attempts", recovery.promote_jobs)
        self._step("gates", lambda: tend_gates(self._deps.routing))
        self._step("windows", recovery.dispatch_jobs)
        if may_reap:
            self._step("leases of jobs", recovery.reap_jobs, Count.REAPED)
        self._step("deadlines", recovery.expire_jobs, Count.EXPIRED)
        self._step("messages of jobs", recovery.repush_jobs, Count.MESSAGES_PUSHED_AGAIN)
        self._step("delayed callbacks", recovery.promote_deliveries)
        if may_reap:
            count = Count.DELIVERIES_RETURNED
            self._step("leases of callbacks", recovery.reap_deliveries, count)
        self._step("receivers", recovery.wake_receivers)
        self._step("messages of callbacks", recovery.repush_deliveries, Count.MESSAGES_PUSHED_AGAIN)
        give_up = self._deps.overdue_deliveries.give_up
        self._step("overdue callbacks", give_up, Count.DELIVERIES_GIVEN_UP)
        self._step("list of callbacks", self._deps.delivery_index.forget)
        self._step("doorbell", recovery.ring, Count.DOORBELLS_RUNG_AGAIN)

    def _step(self, name: str, work: Callable[[], int | None], count: Count | None = None) -> None:
        """Do a part of it: one that fails keeps no other from being done."""
        with self._deps.complaints.about(name):
            number = work()
            if count is not None:
                self._note(count, int(number or 0))

    def _note(self, count: Count, number: int) -> None:
        if number:
            log.info("tick: %s: %s", count, number)
            self._deps.process.counters.add(count, number)

    def _may_reap(self, step_s: float) -> bool:
        """Whether live workers have had the time to renew since the ledger answers.

        After an outage all leases are past due, also those of attempts that still run. So they are
        when Redis's clock was set ahead, or its machine has slept.
        """
        now, settings = self._deps.process.monotonic(), self._deps.process.settings
        shortest_s = min(settings.lease_s, settings.callback_lease_s)
        if self._healthy_since_s is None or step_s > shortest_s / 2:
            self._healthy_since_s = now
        return now - self._healthy_since_s >= settings.lease_renew_s

    def _make_up_for(self, back_s: float) -> int:
        """Let nothing wait longer because Redis's clock was set back; return what would have.

        Another process may have died in the middle of that.
        """
        if back_s <= _LEAST_STEP_S:
            return self._deps.recovery.shorten_pauses()
        log.warning("Redis's clock was set back by %.0f s: pauses are cut by that", back_s)
        return self._deps.recovery.shorten_pauses(back_s)

    def _step_s(self) -> float:
        """Return how far Redis's clock was set since the last pass: ahead, or back (below 0)."""
        process = self._deps.process
        before_s = process.monotonic()
        moment: Any = process.redis.time()
        return self._watch.step_s(redis_ms(moment) / 1000, before_s, process.monotonic())
