"""Deliveries as the workers move them, for tests of how receivers are spared."""

from __future__ import annotations

from collections.abc import Sequence

from shared.callbacks.delivery import (
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    Health,
    NextStep,
)
from shared.callbacks.delivery_store import DeliveryStore
from shared.jobs.job import Job
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.recovery_store import RecoveryStore
from tests.support.factories import FakeClock, MessageLists, new_job

URL = "https://Example.com:8443/cb?n=1"
OTHER_URL = "https://other.example.com/cb"
QUEUE = task_names.CALLBACKS_QUEUE


class DeliveryLedger:
    """Deliveries as the workers move them."""

    def __init__(
        self,
        jobs: JobStore,
        deliveries: DeliveryStore,
        recovery: RecoveryStore,
        lists: MessageLists,
        clock: FakeClock,
    ) -> None:
        self.jobs, self.deliveries, self.recovery = jobs, deliveries, recovery
        self.lists, self.clock = lists, clock
        self.claims: dict[int, DeliveryClaim] = {}

    def create(self, count: int, url: str = URL, owner: str = "key1") -> list[int]:
        """Bring jobs as far as their delivery's message."""
        ids = []
        for _ in range(count):
            self.clock.advance(0.001)
            job_id = self.jobs.accept(new_job(reply_to=url, owner=owner)).id
            assert self.lists.take_chat() == job_id
            claim = self.jobs.claim(job_id, "chat.m", 5, "w")
            assert claim is not None
            self.jobs.execute(job_id, claim.attempt, Result.response(b"{}"))
            self.jobs.complete([self.job(job_id)])
            ids.append(job_id)
        return ids

    def job(self, job_id: int) -> Job:
        job = self.jobs.get(job_id)
        assert job is not None
        return job

    def serve(self, *, unproven: bool = True, but_of: Sequence[str] = ()) -> list[int]:
        """Claim what has a message, until there is none; return what was claimed."""
        claimed = []
        while (job_id := self.lists.take(QUEUE)) is not None:
            claim = self.deliveries.claim(job_id, unproven=unproven, but_of=but_of)
            if claim is not None:
                self.claims[job_id] = claim
                claimed.append(job_id)
        return claimed

    def finish(self, job_id: int, health: Health) -> None:
        ok = health is Health.ANSWERED
        state = DeliveryState.DELIVERED if ok else DeliveryState.PENDING
        claim = self.claims.pop(job_id)
        row = DeliveryAttempt(claim.attempt, "schedule", claim.now_ms, 1, "")
        step = NextStep(state, "", 3600, health)
        assert self.deliveries.finish(self.job(job_id), claim, row, step)

    def finish_and_take(self, job_id: int) -> int | None:
        """Finish as delivered; return the delivery that was handed over."""
        claim = self.claims.pop(job_id)
        row = DeliveryAttempt(claim.attempt, "schedule", claim.now_ms, 1, "")
        step = NextStep(DeliveryState.DELIVERED, "", health=Health.ANSWERED)
        done = self.deliveries.finish_and_take(self.job(job_id), claim, row, step, take=True)
        assert done.recorded
        return done.following

    def prove(self, url: str = URL) -> None:
        """Let the receiver answer once."""
        [job_id] = self.create(1, url)
        assert self.serve() == [job_id]
        self.finish(job_id, Health.ANSWERED)

    def fail(self, times: int, health: Health = Health.FAILED) -> None:
        """Let the receiver fail so often in a row."""
        for _ in range(times):
            [job_id] = self.create(1)
            assert self.serve() == [job_id]
            self.finish(job_id, health)

    def tick(self, after_s: float) -> None:
        self.clock.advance(after_s)
        self.recovery.return_deliveries()
        self.recovery.wake_receivers()
