"""Flow keys: never more of a key at once, or in a while, than it may; and nobody else waits for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from shared.errors import OwnerFlowsFull, OwnerQueueFull
from shared.history.live import LiveJobs
from shared.history.query import JobFilter
from shared.jobs.failures import INTERNAL_ERROR
from shared.jobs.job import JobState
from shared.jobs.moves import Claim, Executed, Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.queues.flows import FlowStore
from shared.queues.slots import SlotStore
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from shared.store.scripts import load
from shared.wire.flow_control import Flow
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings

pytestmark = pytest.mark.integration

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

    def state(self, job_id: int) -> JobState:
        job = self.jobs.get(job_id)
        assert job is not None
        return job.state


@pytest.fixture
def house(real_redis: redis.Redis, fake_clock: FakeClock) -> House:
    return House(real_redis, fake_clock)


def test_no_more_of_a_key_run_than_it_may_and_others_are_not_held_up(house: House) -> None:
    ours = house.queue(20, Flow("a", 2))
    others = house.queue(5, Flow("b", 3)) + house.queue(3)

    first = house.claims()

    assert [claim.id for claim in first] == [*ours[:2], *others[:3], *others[5:]]
    house.end(first[0])
    assert [claim.id for claim in house.claims()] == ours[2:3]


def test_who_waits_has_no_message_and_goes_in_order(house: House) -> None:
    ours = house.queue(30, Flow("a", 1))
    done = []
    while claims := house.claims():
        [claim] = claims
        assert len(house.lists.chat_ids()) == 0
        house.end(claim)
        done.append(claim.id)
    assert done == ours


def test_job_that_was_parked_goes_before_what_its_owner_queued_later(house: House) -> None:
    [first, second] = house.queue(2, Flow("a", 1))
    [claim] = house.claims()
    # More than the window has room for.
    later = house.queue(80)
    house.end(claim)
    order = [claim.id for claim in house.claims()]
    assert order.index(second) <= 64 < len(later)
    assert first == claim.id


def test_job_of_another_model_does_not_wait_for_those_that_wait_for_theirs(house: House) -> None:
    slow = house.queue(10, Flow("a", 2), model="slow")
    [quick] = house.queue(1, Flow("a", 2))
    # Nobody serves the slow one.
    [claim] = house.claims()
    assert claim.id == quick
    assert [claim.id for claim in house.claims("slow")] == slow[:1]
    house.end(claim)
    assert [claim.id for claim in house.claims("slow")] == slow[1:2]


def test_rate_lets_so_many_begin_in_any_period(house: House, fake_clock: FakeClock) -> None:
    house.queue(25, Flow("a", rate=10, period_ms=60_000))
    begun = []
    for _ in range(300):
        for claim in house.claims():
            begun.append(fake_clock.now_ms)
            house.end(claim)
        fake_clock.advance(0.5)
        house.recovery.let_in_flows()
    assert len(begun) == 25
    assert all(later - first >= 60_000 for first, later in zip(begun, begun[10:], strict=False))
    assert begun[10] - begun[0] <= 60_500


def test_last_job_says_the_limits(house: House) -> None:
    house.queue(10, Flow("a", 1))
    first = house.claims()
    house.queue(1, Flow("a", 4))
    house.recovery.let_in_flows()
    more = house.claims()
    assert (len(first), len(more)) == (1, 3)
    house.queue(1, Flow("a", 2))
    for claim in [*first, *more[:1]]:
        house.end(claim)
    assert house.claims() == []
    house.end(more[1])
    assert len(house.claims()) == 1


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


def test_delayed_job_enters_its_flow_when_it_is_due(house: House, fake_clock: FakeClock) -> None:
    ours = house.queue(3, Flow("a", 1), run_after="+60000")
    assert house.claims() == []
    fake_clock.advance(61)
    house.recovery.bring_forward()
    [claim] = house.claims()
    assert claim.id == ours[0]
    house.end(claim)
    assert [claim.id for claim in house.claims()] == ours[1:2]


def test_retried_job_enters_its_flow_again(house: House) -> None:
    [first, *_] = house.queue(1, Flow("a", 1))
    [claim] = house.claims()
    house.jobs.attempts.execute(claim.id, claim.attempt, Result.failure(INTERNAL_ERROR))
    job = house.jobs.get(first)
    assert job is not None
    house.jobs.complete([job])
    [second] = house.queue(1, Flow("a", 1))
    [claim] = house.claims()
    ended = house.jobs.get(first)
    assert ended is not None
    house.jobs.retry(ended)
    assert house.claims() == []
    house.end(claim)
    assert [claim.id for claim in house.claims()] == [first]
    assert second == claim.id


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


def test_flow_key_counts_for_its_owner_alone(house: House) -> None:
    house.queue(2, Flow("a", 1))
    [theirs] = house.queue(1, Flow("a", 1), owner="another")
    assert theirs in [claim.id for claim in house.claims()]


def test_parked_job_waits_behind_a_closed_gate_when_it_is_let_in(
    house: House, fake_clock: FakeClock
) -> None:
    ours = house.queue(2, Flow("a", 1))
    [claim] = house.claims()
    house.client.sadd(keys.GATES, "chat.m")
    house.end(claim)
    assert house.lists.chat_ids() == []
    SlotStore(house.client, SETTINGS, fake_clock).open_gates(["chat.m"])
    house.recovery.dispatch_jobs()
    assert [claim.id for claim in house.claims()] == ours[1:]


def test_standing_tells_what_a_job_waits_for(house: House) -> None:
    ids = house.queue(5, Flow("a", 2, 10, 60_000))
    house.claims()
    job = house.jobs.get(ids[3])
    assert job is not None
    known = house.jobs.flow_standing(job)
    assert known is not None
    assert (known.flow, known.running, known.waiting, known.before) == (
        Flow("a", 2, 10, 60_000),
        2,
        3,
        1,
    )
    assert house.jobs.position(job) is None
    [plain] = house.queue(1)
    other = house.jobs.get(plain)
    assert other is not None
    assert house.jobs.flow_standing(other) is None


def test_parked_jobs_are_listed(house: House) -> None:
    ids = house.queue(4, Flow("a", 1))
    found = LiveJobs(house.jobs)
    for wanted in (JobFilter(), JobFilter(owner="key1")):
        assert sorted(job.id for job in found.find(wanted)) == ids


def test_keys_and_waiting_jobs_of_an_owner_have_a_bound(
    real_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    bounds = new_settings(owner_flow_limit=3, owner_queue_limit=5)
    house = House(real_redis, fake_clock, bounds)
    for key in "abc":
        house.queue(1, Flow(key, 1))
    with pytest.raises(OwnerFlowsFull):
        house.queue(1, Flow("d", 1))
    house.queue(1, Flow("d", 1), owner="another")
    house.queue(5, Flow("a", 1))
    with pytest.raises(OwnerQueueFull):
        house.queue(1, Flow("a", 1))


def test_bulk_acceptance_parks_as_single_calls_do(house: House) -> None:
    news = [new_job(flow=Flow("a", 2)) for _ in range(10)]
    ids = [accepted.id for accepted in house.jobs.accept_all(news)]
    assert [claim.id for claim in house.claims()] == ids[:2]


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


@pytest.mark.parametrize("seed", range(3))
def test_never_one_too_many_and_none_forgotten_whatever_happens(
    seed: int, house: House, fake_clock: FakeClock
) -> None:
    draw = random.Random(seed)  # noqa: S311 - no secret
    most = {"a": 1, "b": 2, "c": 3}
    ids: list[int] = []
    running: list[Claim] = []

    def step() -> None:
        what = draw.random()
        if what < 0.25 and len(ids) < 60:
            key = draw.choice(["a", "b", "c", ""])
            flow = Flow(key, most[key]) if key else None
            ids.extend(house.queue(1, flow, model=draw.choice("mn")))
        elif what < 0.5:
            running.extend(house.claims(draw.choice("mn")))
        elif what < 0.8 and running:
            claim = running.pop(draw.randrange(len(running)))
            if house.state(claim.id) is JobState.STARTED:
                house.end(claim)
        elif what < 0.85 and running:
            # Its worker dies.
            running.pop(draw.randrange(len(running)))
        elif what < 0.9 and ids:
            job = house.jobs.get(draw.choice(ids))
            if job and job.state is JobState.QUEUED:
                house.jobs.cancel(job)
        else:
            renewed = [(claim.id, claim.attempt) for claim in running]
            house.jobs.renew(renewed)
            fake_clock.advance(draw.choice([0.3, 5, 12]))
            house.jobs.renew(renewed)
            house.recovery.reap_jobs()
            house.recovery.repush_jobs()
            house.recovery.let_in_flows()
        started = [job for job in house.jobs.summaries(ids) if job and job.state == "Started"]
        for key, number in most.items():
            assert sum(job.flow == key for job in started) <= number

    for _ in range(150):
        step()
    for _ in range(200):
        for claim in [*running, *house.claims("m"), *house.claims("n")]:
            if house.state(claim.id) is JobState.STARTED:
                house.end(claim)
        running.clear()
        fake_clock.advance(12)
        house.recovery.reap_jobs()
        house.recovery.repush_jobs()
        house.recovery.dispatch_jobs()
        house.recovery.let_in_flows()
        if all(job and job.state.has_result for job in house.jobs.summaries(ids)):
            return
    raise AssertionError("some are forgotten")
