"""Flow keys: never more of a key at once, or in a while, than it may; nobody else waits for it."""

from __future__ import annotations

import pytest
import redis

from shared.errors import OwnerFlowsFull, OwnerQueueFull
from shared.history.live import LiveJobs
from shared.history.query import JobFilter
from shared.jobs.failures import INTERNAL_ERROR
from shared.jobs.moves import Result
from shared.queues.slots import SlotStore
from shared.store import redis_keys as keys
from shared.wire.queueing.flow_control import Flow
from tests.support.factories import FakeClock, new_job, new_settings
from tests.unit.shared.queues.flow_house import SETTINGS, House

pytestmark = pytest.mark.integration


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
