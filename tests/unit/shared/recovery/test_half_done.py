"""Scripts that fail in their middle, for a command that their user may not do, lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import redis

from shared.callbacks.delivery import DeliveryAttempt, DeliveryState, NextStep
from shared.callbacks.delivery_store import DeliveryStore
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from tests.support.factories import START_MS, FakeClock, MessageLists, new_job

pytestmark = pytest.mark.integration

DELIVERED = NextStep(DeliveryState.DELIVERED, "200")
ROW = DeliveryAttempt(1, "first", START_MS, 12, "ab" * 32)
#: More than recovery takes, from any step on.
ROUNDS = 12


class System:
    """The workers and the tick around one job, in rounds; what fails is tried again, or found."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: FakeClock) -> None:
        self._clock, self._lists = clock, MessageLists(client)
        self._jobs = JobStore(client, settings, clock)
        self._deliveries = DeliveryStore(client, settings, clock)
        self._recovery = RecoveryStore(client, settings, clock)
        self._id = self._jobs.accept(new_job(reply_to="https://example.com/cb")).id
        #: What workers have in hand until the ledger takes it.
        self._held: list[Callable[[], object]] = []

    def is_delivered(self) -> bool:
        delivery = self._deliveries.get(self._id)
        return delivery is not None and delivery.state is DeliveryState.DELIVERED

    def round(self) -> None:
        held, self._held = self._held, []
        found = self._recovery
        for deed in (
            *held,
            self._chat,
            self._complete,
            self._call_back,
            found.reap_jobs,
            found.repush_jobs,
            found.reap_deliveries,
            found.repush_deliveries,
        ):
            try:
                deed()
            except redis.RedisError:
                self._held += [deed] if deed in held else []
        self._clock.advance(11)

    def _chat(self) -> None:
        if self._lists.ids(task_names.chat_queue("m"), 5):
            self._lists.take_chat("m")
            claim = self._jobs.claim(self._id, task_names.chat_queue("m"), 5, "w")
            if claim is not None:
                result = Result.response(b"{}")
                self._held.append(partial(self._jobs.execute, self._id, claim.attempt, result))

    def _complete(self) -> None:
        for job_id in self._jobs.executed(10):
            job = self._jobs.get(job_id)
            assert job is not None
            self._jobs.complete([job])

    def _call_back(self) -> None:
        if self._lists.ids(task_names.CALLBACKS_QUEUE):
            self._lists.take(task_names.CALLBACKS_QUEUE)
            claim, job = self._deliveries.claim(self._id), self._jobs.get(self._id)
            if claim is not None and job is not None:
                self._held.append(partial(self._deliveries.finish, job, claim, ROW, DELIVERED))


@pytest.fixture
def forbid(real_redis: redis.Redis) -> Iterator[Callable[[str], object]]:
    def say(rule: str) -> object:
        return real_redis.execute_command("ACL", "SETUSER", "default", rule)

    yield say
    say("+@all")


@pytest.mark.parametrize(
    "command", ["hset", "hincrby", "zadd", "zrem", "lpush", "rpush", "pexpire"]
)
@pytest.mark.parametrize("forbidden_in", range(4))
def test_job_is_answered_and_told_though_a_command_was_forbidden_for_a_while(
    command: str,
    forbidden_in: int,
    real_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    forbid: Callable[[str], object],
) -> None:
    system = System(real_redis, settings, fake_clock)
    for number in range(ROUNDS):
        if number == forbidden_in:
            forbid(f"-{command}")
        system.round()
        forbid("+@all")
    assert system.is_delivered()
