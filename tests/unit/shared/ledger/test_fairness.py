"""Owners take turns on one model: what one has waiting does not delay another."""

from __future__ import annotations

from collections import Counter

import pytest
import redis

from shared.errors import OwnerQueueFull, QueueFull
from shared.jobs.job import Job
from shared.ledger.job_store import JobStore
from shared.ledger.key_limits import retry_after_s
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings

#: The narrowest there is: as long as nothing is known of the rate, or little happens.
WINDOW = 4


@pytest.fixture
def settings() -> Settings:
    return new_settings(queue_window=WINDOW, queue_limit=500, owner_queue_limit=300)


def _accept(jobs: JobStore, owner: str, count: int, **fields: object) -> list[int]:
    return [jobs.accept(new_job(owner=owner, **fields)).id for _ in range(count)]


def _work(jobs: JobStore, lists: MessageLists, count: int) -> list[int]:
    """Take and claim `count` messages, as a worker does; return the ids in order."""
    claimed = []
    for _ in range(count):
        job_id = lists.take("chat.m")
        assert job_id is not None
        claim = jobs.claim(job_id, "chat.m", 5, "w")
        assert claim is not None
        claimed.append(claim.id)
    return claimed


def _job(jobs: JobStore, job_id: int) -> Job:
    job = jobs.get(job_id)
    assert job is not None
    return job


def test_message_list_never_grows_beyond_its_window(
    job_store: JobStore, lists: MessageLists
) -> None:
    _accept(job_store, "a", 50)
    assert len(lists.ids("chat.m", 5)) == WINDOW
    _work(job_store, lists, 10)
    assert len(lists.ids("chat.m", 5)) == WINDOW


def test_second_owner_waits_for_the_window_and_its_turns_only(
    job_store: JobStore, lists: MessageLists
) -> None:
    _accept(job_store, "big", 300)
    small = _accept(job_store, "small", 10)
    order = _work(job_store, lists, WINDOW + 20)
    assert set(small) <= set(order)


def test_owners_are_served_in_turn_however_much_each_has_waiting(
    job_store: JobStore, lists: MessageLists
) -> None:
    _accept(job_store, "first", WINDOW)
    ids = {owner: _accept(job_store, owner, n) for owner, n in (("a", 100), ("b", 40), ("c", 20))}
    _work(job_store, lists, WINDOW)
    served = _work(job_store, lists, 60)
    of = {job_id: owner for owner, some in ids.items() for job_id in some}
    assert Counter(of[job_id] for job_id in served) == {"a": 20, "b": 20, "c": 20}
    for owner, some in ids.items():
        mine = [job_id for job_id in served if of[job_id] == owner]
        assert mine == some[: len(mine)]


def test_all_jobs_are_served_in_their_order_when_there_is_one_owner(
    job_store: JobStore, lists: MessageLists
) -> None:
    ids = _accept(job_store, "a", 100)
    assert _work(job_store, lists, 100) == ids
    assert lists.take("chat.m") is None


def test_tick_tops_up_a_list_whose_messages_were_lost(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists
) -> None:
    _accept(job_store, "a", 50)
    while lists.take("chat.m") is not None:
        pass
    assert recovery.dispatch_jobs() == WINDOW
    assert recovery.dispatch_jobs() == 0


def test_cancelled_job_leaves_its_place_to_the_next(
    job_store: JobStore, lists: MessageLists
) -> None:
    ids = _accept(job_store, "a", 20)
    job_store.cancel(_job(job_store, ids[-1]))
    job_store.cancel(_job(job_store, ids[WINDOW]))
    _work(job_store, lists, WINDOW)
    assert _work(job_store, lists, 20 - WINDOW - 2) == ids[WINDOW + 1 : -1]


# --- bounds ---------------------------------------------------------------------------------------


def test_owner_bound_refuses_one_owner_and_takes_another(job_store: JobStore) -> None:
    _accept(job_store, "a", 300 + WINDOW)
    with pytest.raises(OwnerQueueFull) as refused:
        _accept(job_store, "a", 1)
    assert 1 <= (refused.value.retry_after_s or 0) <= 120
    _accept(job_store, "b", 1)


def test_queue_bound_refuses_everybody(job_store: JobStore) -> None:
    _accept(job_store, "a", 250)
    _accept(job_store, "b", 250)
    with pytest.raises(QueueFull):
        _accept(job_store, "c", 1)


@pytest.mark.parametrize(
    ("waiting", "per_second", "seconds"),
    [
        pytest.param(100, 0.0, 10, id="a queue that has not moved"),
        pytest.param(100, 50.0, 1, id="a fast one"),
        pytest.param(1000, 1.0, 50, id="a slow one: a twentieth of it"),
        pytest.param(100_000, 1.0, 120, id="never more than OpenAI's SDK bears"),
    ],
)
def test_retry_after_follows_the_drain_rate(waiting: int, per_second: float, seconds: int) -> None:
    assert retry_after_s(waiting, per_second) == seconds


# --- position -------------------------------------------------------------------------------------


def test_position_counts_the_jobs_that_will_start_before(
    job_store: JobStore, lists: MessageLists
) -> None:
    """The position told is the number of claims that really come before."""
    ids = {owner: _accept(job_store, owner, n) for owner, n in (("a", 30), ("b", 20), ("c", 5))}
    told = {}
    for some in ids.values():
        for job_id in some:
            position = job_store.position(_job(job_store, job_id))
            assert position is not None
            told[job_id] = position.before
    order = _work(job_store, lists, 55)
    assert {job_id: order.index(job_id) for job_id in told} == told


def test_position_counts_higher_priorities_first(job_store: JobStore) -> None:
    (bulk,) = _accept(job_store, "a", 1, priority=9)
    _accept(job_store, "b", 20, priority=5)
    _accept(job_store, "c", 3, priority=0)
    position = job_store.position(_job(job_store, bulk))
    assert position is not None
    assert position.before == 23


def test_position_estimates_the_start_from_the_rate_of_claims(
    job_store: JobStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    ids = _accept(job_store, "a", 200)
    last = _job(job_store, ids[-1])
    before = job_store.position(last)
    assert before is not None
    assert before.start_in_s is None
    for _ in range(100):
        fake_clock.advance(0.1)
        _work(job_store, lists, 1)
    position = job_store.position(last)
    assert position is not None
    assert position.before == 99
    assert position.per_second == pytest.approx(10, rel=0.1)
    assert position.start_in_s == pytest.approx(9.9, rel=0.1)
    fake_clock.advance(60)
    slower = job_store.position(last)
    assert slower is not None
    assert slower.per_second < 2


def test_position_is_none_when_job_does_not_stand_in_line(
    job_store: JobStore, lists: MessageLists
) -> None:
    (job_id,) = _accept(job_store, "a", 1)
    _work(job_store, lists, 1)
    assert job_store.position(_job(job_store, job_id)) is None
    job_store.defer(job_id, 1, 60)
    assert job_store.position(_job(job_store, job_id)) is None


# --- the window -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per_second", "messages"),
    [
        pytest.param(1, 4, id="never fewer than four"),
        pytest.param(50, 25, id="half a second's worth"),
        pytest.param(500, 64, id="never more than the setting"),
    ],
)
def test_window_follows_the_rate_of_claims(
    lists: MessageLists,
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
    *,
    per_second: int,
    messages: int,
) -> None:
    jobs = JobStore(ledger_redis, new_settings(queue_window=64), fake_clock)
    _accept(jobs, "a", 500)
    for _ in range(300):
        fake_clock.advance(1 / per_second)
        _work(jobs, lists, 1)
    assert len(lists.ids("chat.m", 5)) == pytest.approx(messages, abs=3)
