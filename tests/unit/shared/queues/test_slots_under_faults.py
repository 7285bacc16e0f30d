"""Slots under any order of work and faults: never too many calls, and every job ends."""

from __future__ import annotations

import random

import pytest
import redis

from shared.jobs.job import JobState
from shared.jobs.moves import Claim
from shared.operation import Operation
from shared.providers.health import Condition, Standing
from shared.queues import names as task_names
from shared.queues.candidates import Candidate
from shared.settings import Settings
from tests.support.factories import FakeClock, MessageLists
from tests.unit.shared.queues.test_slots import World, provider

LIMIT = 2
STEPS = 250
ACME = provider(concurrency=LIMIT)


class Chaos:
    """Workers that die, messages that get lost, a provider that comes and goes."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        self.jobs: list[int] = []
        self.running: list[Claim] = []
        world.candidates = self.seen(Standing.ONLINE)

    def seen(self, standing: Standing) -> list[Candidate]:
        """The one with slots, and one that can only chat and is away."""
        away = Candidate(provider("claude"), Condition(Standing.OFFLINE), ("chat",))
        return [Candidate(ACME, Condition(standing), ("chat", "embedding")), away]

    def accept(self) -> None:
        self.jobs += self.world.accept(
            self.random.randint(1, 4),
            owner=self.random.choice("abc"),
            provider=self.random.choice(["", "", "acme"]),
            priority=self.random.choice(task_names.PRIORITIES),
            operation=self.random.choice([Operation.CHAT, Operation.CHAT, Operation.EMBEDDING]),
        )

    def claim(self) -> None:
        job_id = self.world.lists.take_chat()
        if job_id is None or self.random.random() < 0.1:
            return  # A worker died with the message in its hands.
        claim = self.world.jobs.claim(
            job_id, "chat.m", self.world.priority(job_id), "w", self.world.candidates
        )
        if claim is not None:
            self.running.append(claim)

    def finish(self) -> None:
        if self.running:
            self.world.finish(self.running.pop(self.random.randrange(len(self.running))))

    def defer(self) -> None:
        if self.running:
            claim = self.running.pop()
            along = [self.world.slots.give_back(ACME, claim.id, claim.attempt)]
            self.world.jobs.defer(claim.id, claim.attempt, 3.0, failed=["acme"], along=along)

    def die(self) -> None:
        if self.running and self.random.random() < 0.3:
            self.running.pop()

    def cancel(self) -> None:
        if self.jobs and self.random.random() < 0.3:
            job = self.world.jobs.get(self.random.choice(self.jobs))
            assert job is not None
            if job.state is JobState.QUEUED:
                self.world.jobs.cancel(job)

    def come_and_go(self) -> None:
        standing = self.random.choice([Standing.ONLINE, Standing.ONLINE, Standing.OFFLINE])
        self.world.candidates = self.seen(standing)

    def tick(self) -> None:
        world = self.world
        world.jobs.renew([(claim.id, claim.attempt) for claim in self.running])
        world.slots.renew([("acme", claim.id) for claim in self.running])
        world.clock.advance(self.random.choice([0.2, 1, 4, -3]))
        world.recovery.promote_jobs()
        world.recovery.reap_jobs()
        world.recovery.expire_jobs()
        if world.candidates[0].condition.standing is Standing.ONLINE:
            world.slots.await_slots([(gate, "acme") for gate in world.slots.gates()])
            world.slots.hand_over([ACME])
        world.recovery.dispatch_jobs()
        world.recovery.repush_jobs()

    def step(self) -> None:
        steps = [self.accept, self.claim, self.claim, self.claim, self.finish, self.finish]
        steps += [self.defer, self.die, self.cancel, self.tick, self.come_and_go]
        self.random.choice(
            [*steps, self.defer, self.die, self.cancel, self.tick, self.come_and_go]
        )()
        assert self.world.held() <= LIMIT
        assert len(self.running) <= LIMIT


@pytest.mark.parametrize("seed", range(12))
def test_limit_holds_and_no_job_is_stranded(
    ledger_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    lists: MessageLists,
    seed: int,
) -> None:
    settings = settings.model_copy(update={"max_crashes": 1000})
    chaos = Chaos(World(ledger_redis, settings, fake_clock, lists), seed)
    for _ in range(STEPS):
        chaos.step()
    world = chaos.world
    world.candidates = chaos.seen(Standing.ONLINE)
    rounds = 0
    while any(not world.state(job_id).has_result for job_id in chaos.jobs):
        rounds += 1
        assert rounds < 500, "a job is stranded"
        chaos.tick()
        for claim in world.work():
            world.finish(claim)
        for claim in chaos.running:
            world.finish(claim)
        chaos.running.clear()
    assert world.slots.gates() == []
