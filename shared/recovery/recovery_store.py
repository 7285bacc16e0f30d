"""The ledger's recovery: what the tick finds due, dead or missing, and puts back on its way.

Each command finds candidates in one call and moves each of them by its own atomic script, which
checks again. So several ticks at once, or one that dies half-way, do no harm.
"""

from __future__ import annotations

import redis

from shared.queues.flows import FlowStore
from shared.recovery.delayed import DelayedJobs
from shared.recovery.deliveries import DeliveryRecovery
from shared.recovery.jobs import JobRecovery
from shared.recovery.pauses import Pauses
from shared.settings import Settings
from shared.store.clock import Clock, redis_clock


class RecoveryStore:
    """All that the tick moves: jobs and deliveries. The moves raise redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        self.jobs = JobRecovery(client, settings, clock)
        self.delayed = DelayedJobs(client, settings, clock)
        self.flows = FlowStore(client, settings, clock)
        self.deliveries = DeliveryRecovery(client, settings, clock)

        self.shorten_pauses = Pauses(client, settings, clock).shorten
        self.bring_forward = self.delayed.bring_forward
        self.let_in_flows = self.flows.let_in
        self.promote_jobs = self.jobs.promote_jobs
        self.dispatch_jobs = self.jobs.dispatch_jobs
        self.reap_jobs = self.jobs.reap_jobs
        self.expire_jobs = self.jobs.expire_jobs
        self.repush_jobs = self.jobs.repush_jobs
        self.ring = self.jobs.ring

        self.promote_deliveries = self.deliveries.promote_deliveries
        self.reap_deliveries = self.deliveries.reap_deliveries
        self.return_deliveries = self.deliveries.return_deliveries
        self.repush_deliveries = self.deliveries.repush_deliveries
        self.wake_receivers = self.deliveries.wake_receivers
