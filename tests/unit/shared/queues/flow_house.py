"""What tests of flow keys work with: jobs, the worker that takes messages, and the tick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis

from shared.jobs.job import JobState
from shared.jobs.moves import Claim, Executed, Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.queues.flows import FlowStore
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from shared.store.scripts import load
from shared.wire.queueing.flow_control import Flow
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings

SETTINGS = new_settings()


class House:
    """Jobs, the worker that takes messages, and the tick: all by one clock."""

    def __init__(self, client: redis.Redis, clock: FakeClock, settings: Any = SETTINGS) -> None:
        self.client = client
        self.clock = clock
        self.jobs = JobStore(client, settings, clock)
        self.flows = FlowStore(client, settings, clock)
        self.recovery = RecoveryStore(client, settings, clock)
        self.lists = MessageLists(client)
        # One that Redis does not know yet would come after those sent along with it.
        for name in ("execute", "defer"):
            client.script_load(load(name).text)

    def queue(self, number: int, flow: Flow | None = None, **fields: Any) -> list[int]:
        """Queue so many jobs."""
        return [self.jobs.accept(new_job(flow=flow, **fields)).id for _ in range(number)]

    def claims(self, model: str = "m") -> list[Claim]:
        """Claim until no message is left."""
        return list(self._claims(model))

    def _claims(self, model: str) -> Iterator[Claim]:
        queue = task_names.chat_queue(model)
        for priority in task_names.PRIORITIES:
            while (raw := self.lists.ids(queue, priority)) != []:
                self.client.rpop(keys.message_list(queue, priority))
                if claim := self.jobs.claim(raw[0], queue, priority, "w"):
                    yield claim

    def end(self, claim: Claim) -> None:
        """Store a result, as a worker does."""
        along = [self.flows.let_in_call(claim.owner, claim.flow)] if claim.flow else []
        result = Result.response(b"{}")
        assert (
            self.jobs.attempts.execute(claim.id, claim.attempt, result, along=along)
            is Executed.EXECUTED
        )

    def tick(self) -> None:
        """Do what the tick does about jobs."""
        self.recovery.reap_jobs()
        self.recovery.repush_jobs()
        self.recovery.dispatch_jobs()
        self.recovery.let_in_flows()

    def state(self, job_id: int) -> JobState:
        job = self.jobs.get(job_id)
        assert job is not None
        return job.state
