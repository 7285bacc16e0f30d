"""Flow keys when workers, results and clocks get lost: none too many, none forgotten."""

from __future__ import annotations

import random
from typing import Final

import pytest
import redis

from shared.jobs.failures import INTERNAL_ERROR
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Claim, Result
from shared.store import redis_keys as keys
from shared.wire.queueing.flow_control import Flow
from tests.support.factories import FakeClock
from tests.unit.shared.queues.flow_house import SETTINGS, House

pytestmark = pytest.mark.integration


@pytest.fixture
def house(real_redis: redis.Redis, fake_clock: FakeClock) -> House:
    return House(real_redis, fake_clock)


@pytest.mark.parametrize("ends", ["cancel", "expire"])
def test_waiting_job_that_ends_leaves_nothing_behind(
    ends: str, house: House, fake_clock: FakeClock
) -> None:
    ids = house.queue(3, Flow("a", 1))
    for job_id in ids:
        job = house.jobs.get(job_id)
        assert job is not None
        if ends == "cancel":
            house.jobs.cancel(job)
    if ends == "expire":
        fake_clock.advance(3601)
        house.recovery.expire_jobs()
    house.recovery.let_in_flows()
    left = [key.decode() for key in house.client.scan_iter("jobs:deadlines:*")]
    assert {house.state(job_id) for job_id in ids} == {JobState.EXECUTED}
    assert not [key for key in left if "parked" in key or "ahead" in key or "running" in key]


def test_everything_of_a_flow_has_a_time_to_live(house: House, fake_clock: FakeClock) -> None:
    house.queue(5, Flow("a", 2, 3, 60_000))
    claims = house.claims()
    of_flows = [*house.client.scan_iter("jobs:deadlines:[fp]*")]
    assert len(of_flows) >= 8
    assert all(house.client.pttl(key) > 0 for key in of_flows), [
        key for key in of_flows if house.client.pttl(key) <= 0
    ]
    # And lives as long as its jobs may.
    assert min(house.client.pttl(key) for key in of_flows if b"begun" not in key) > 3_600_000
    while claims:
        for claim in claims:
            house.end(claim)
        fake_clock.advance(61)
        house.recovery.let_in_flows()
        claims = house.claims()
    left = [*house.client.scan_iter("jobs:deadlines:[fp]*")]
    assert len(left) <= 3
    assert max(house.client.pttl(key) for key in left if key.count(b"\x1f") >= 2) <= 60_000


def test_lost_worker_gives_the_room_back_with_its_lease(
    house: House, fake_clock: FakeClock
) -> None:
    ours = house.queue(4, Flow("a", 2))
    house.claims()
    fake_clock.advance(SETTINGS.lease_s + 1)
    assert house.recovery.reap_jobs() == 2
    again = house.claims()
    assert [claim.id for claim in again] == ours[:2]
    for claim in again:
        house.end(claim)
    assert [claim.id for claim in house.claims()] == ours[2:]


def test_result_without_its_companion_is_made_up_for_by_the_tick(house: House) -> None:
    ours = house.queue(3, Flow("a", 1))
    [claim] = house.claims()
    failed = Result.failure(INTERNAL_ERROR)
    house.jobs.attempts.execute(claim.id, claim.attempt, failed)
    assert house.claims() == []
    house.recovery.let_in_flows()
    assert [claim.id for claim in house.claims()] == ours[1:2]


def test_deferred_job_takes_no_room_until_its_next_attempt(
    house: House, fake_clock: FakeClock
) -> None:
    ours = house.queue(3, Flow("a", 1))
    [claim] = house.claims()
    house.jobs.defer(
        claim.id, claim.attempt, 60, along=[house.flows.let_in_call(claim.owner, claim.flow)]
    )
    [second] = house.claims()
    assert second.id == ours[1]
    fake_clock.advance(61)
    house.recovery.promote_jobs()
    assert house.claims() == []
    house.end(second)
    # It had its turn before those that had none.
    assert [claim.id for claim in house.claims()] == ours[:1]


def test_jobs_that_a_worker_of_an_older_version_ended_are_forgotten(
    house: House, fake_clock: FakeClock
) -> None:
    ours = house.queue(3, Flow("a", 1))
    [claim] = house.claims()
    # It knew no flows: the job ended, and the key still counts it.
    house.client.hset(keys.job(claim.id), "state", "Executed")
    fake_clock.advance(11)
    house.recovery.let_in_flows()
    assert [claim.id for claim in house.claims()] == ours[1:2]


def test_clock_that_is_set_back_holds_up_nobody(house: House, fake_clock: FakeClock) -> None:
    house.queue(3, Flow("a", rate=1, period_ms=60_000))
    [claim] = house.claims()
    house.end(claim)
    fake_clock.advance(-7200)
    house.recovery.let_in_flows()
    for _ in range(30):
        fake_clock.advance(10)
        house.recovery.let_in_flows()
        for one in house.claims():
            house.end(one)
    assert house.lists.chat_ids() == []
    assert house.client.zcard(keys.PARKED) == 0


class Chaos:
    """What happens to jobs of three flow keys, in an order that a seed draws."""

    MOST: Final = {"a": 1, "b": 2, "c": 3}

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.draw = random.Random(seed)
        self.ids: list[int] = []
        self.running: list[Claim] = []

    def step(self) -> None:
        """Let one thing happen; never do more run than may."""
        moves = [self.queue, self.claim, self.end, self.die, self.cancel, self.tick]
        self.draw.choices(moves, weights=[25, 25, 30, 5, 5, 10])[0]()
        started = [job for job in self.jobs() if job.state is JobState.STARTED]
        for key, number in self.MOST.items():
            assert sum(job.flow == key for job in started) <= number

    def jobs(self) -> list[Job]:
        return [job for job in self.house.jobs.summaries(self.ids) if job]

    def queue(self) -> None:
        if len(self.ids) < 60:
            key = self.draw.choice(["a", "b", "c", ""])
            flow = Flow(key, self.MOST[key]) if key else None
            self.ids += self.house.queue(1, flow, model=self.draw.choice("mn"))

    def claim(self) -> None:
        self.running += self.house.claims(self.draw.choice("mn"))

    def end(self) -> None:
        if (claim := self._one()) and self.house.state(claim.id) is JobState.STARTED:
            self.house.end(claim)

    def die(self) -> None:
        """Lose a worker: nobody hears of its job any more."""
        self._one()

    def _one(self) -> Claim | None:
        return self.running.pop(self.draw.randrange(len(self.running))) if self.running else None

    def cancel(self) -> None:
        waiting = [job for job in self.jobs() if job.state is JobState.QUEUED]
        if waiting:
            self.house.jobs.cancel(self.draw.choice(waiting))

    def tick(self) -> None:
        renewed = [(claim.id, claim.attempt) for claim in self.running]
        self.house.jobs.renew(renewed)
        self.house.clock.advance(self.draw.choice([0.3, 5, 12]))
        self.house.jobs.renew(renewed)
        self.house.tick()

    def finish(self) -> bool:
        """End what runs, once more; return whether all have ended."""
        self.running += [*self.house.claims("m"), *self.house.claims("n")]
        while self.running:
            self.end()
        self.house.clock.advance(12)
        self.house.tick()
        return all(job.state.has_result for job in self.jobs())


@pytest.mark.parametrize("seed", range(3))
def test_never_one_too_many_and_none_forgotten_whatever_happens(seed: int, house: House) -> None:
    chaos = Chaos(house, seed)
    for _ in range(150):
        chaos.step()
    assert any(chaos.finish() for _ in range(200))
