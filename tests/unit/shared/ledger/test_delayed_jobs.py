"""Jobs with a `runAfter`: they wait apart from any line, and come into line to the moment."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.api_keys.limits import Allowance, Limits
from shared.errors import OwnerLaterFull
from shared.history.live import LiveJobs
from shared.history.query import JobFilter
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Cancelled
from shared.ledger.job_store import JobStore
from shared.operation import Operation
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.factories import START_MS, FakeClock, MessageLists, new_job, new_settings

HOUR_MS = 3_600_000


def later(store: JobStore, seconds: int = 60, **overrides: Any) -> Job:
    return read(store, store.accept(new_job(run_after=f"+{seconds * 1000}", **overrides)).id)


def read(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def test_delayed_job_waits_until_its_moment_and_not_longer(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = later(job_store)

    assert (job.state, job.run_after_ms) == (JobState.QUEUED, START_MS + 60_000)
    assert job_store.position(job) is None
    fake_clock.advance(59.999)
    recovery.bring_forward()
    assert lists.chat_ids() == []
    fake_clock.advance(0.001)
    recovery.bring_forward()
    assert lists.chat_ids() == [job.id]
    claim = job_store.claim(job.id, "chat.m", job.priority, "w")
    assert claim is not None
    # Its time begins when it is due.
    assert claim.deadline_ms == START_MS + 60_000 + HOUR_MS


def test_moment_that_is_past_is_at_once(job_store: JobStore, lists: MessageLists) -> None:
    for run_after in (str(START_MS), str(START_MS - 1), "+0"):
        job_store.accept(new_job(ref_id=run_after, run_after=run_after))
    assert len(lists.chat_ids()) == 3


def test_several_ticks_put_it_in_line_once(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    jobs = [later(job_store, ref_id=f"r{n}", model=f"m{n % 2}") for n in range(20)]
    fake_clock.advance(60)
    for _ in range(3):
        recovery.bring_forward()
    pushed = lists.chat_ids("m0") + lists.chat_ids("m1")
    assert len(set(pushed)) == len(pushed) > 0
    assert set(pushed) <= {job.id for job in jobs}
    assert sum(job_store.queued(["m0", "m1"]).values()) == 20


@pytest.mark.parametrize("is_due", [False, True])
def test_delayed_job_is_cancelled_at_once_and_never_runs(
    *,
    is_due: bool,
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = later(job_store)
    if is_due:
        fake_clock.advance(60)

    assert job_store.cancel(job) is Cancelled.CANCELLED

    assert not ledger_redis.exists(keys.LATER, keys.later_of(job.owner), keys.held_bytes(job.owner))
    fake_clock.advance(60)
    recovery.bring_forward()
    assert lists.chat_ids() == []


def test_job_that_an_older_version_cancelled_does_not_come_back(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = later(job_store)
    due = ledger_redis.zscore(keys.LATER, job.id)
    job_store.cancel(job)
    # It knew none of these sets.
    for left in (keys.LATER, keys.later_of(job.owner)):
        ledger_redis.zadd(left, {str(job.id): due})
    fake_clock.advance(60)
    recovery.bring_forward()
    assert lists.chat_ids() == []
    assert not ledger_redis.exists(keys.LATER, keys.later_of(job.owner))


def test_cancelled_job_that_is_tried_again_runs_at_once(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = later(job_store)
    job_store.cancel(job)
    job_store.complete([read(job_store, job.id)])
    job_store.retry(read(job_store, job.id))
    assert lists.chat_ids() == [job.id]
    assert read(job_store, job.id).run_after_ms == 0


def test_deadline_of_a_delayed_job_counts_from_its_moment(
    job_store: JobStore, recovery: RecoveryStore, fake_clock: FakeClock
) -> None:
    job = later(job_store, seconds=7200)
    fake_clock.advance(7200 - 1)
    assert recovery.expire_jobs() == 0
    fake_clock.advance(3600 + 1)
    assert recovery.expire_jobs() == 1
    assert read(job_store, job.id).outcome == "Failed"


def test_same_ref_id_finds_the_delayed_job(job_store: JobStore) -> None:
    first = later(job_store, ref_id="r", fingerprint="a")
    again = job_store.accept(new_job(ref_id="r", fingerprint="a", run_after="+60000"))
    assert (again.id, again.is_new) == (first.id, False)


def test_delayed_jobs_take_no_room_in_the_queue_and_have_a_bound_of_their_own(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    settings = new_settings(queue_limit=2, owner_queue_limit=2, owner_delayed_limit=3)
    store = JobStore(ledger_redis, settings, fake_clock)
    for n in range(3):
        later(store, ref_id=f"r{n}")
    with pytest.raises(OwnerLaterFull):
        later(store, ref_id="r3")
    with pytest.raises(OwnerLaterFull):
        list(store.accept_all([new_job(ref_id="r4", run_after="+60000")]))
    later(store, ref_id="r5", owner="another")
    store.accept(new_job(ref_id="now"))


def test_delayed_job_is_one_of_the_keys_live_jobs_from_its_moment_on(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    allowance = Allowance("key_7", Limits(concurrent_jobs=1), 0)
    later(job_store, ref_id="a", allowance=allowance)
    list(job_store.accept_all([new_job(ref_id="b", run_after="+1", allowance=allowance)]))
    assert not ledger_redis.exists(keys.live("key_7"))
    fake_clock.advance(60)
    recovery.bring_forward()
    assert ledger_redis.zcard(keys.live("key_7")) == 2


def test_pinned_job_is_not_held_up_by_the_gate_of_its_queue(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    ledger_redis.sadd(keys.GATES, "chat.m")
    free = later(job_store, ref_id="a", operation=Operation.EMBEDDING)
    later(job_store, ref_id="b")
    fake_clock.advance(60)
    recovery.bring_forward()
    assert lists.chat_ids() == [free.id]
    assert job_store.queued(["m"])["chat.m"] == 2


def test_delayed_jobs_are_listed(job_store: JobStore) -> None:
    job = later(job_store)
    other = later(job_store, owner="another")
    found = LiveJobs(job_store)
    assert [one.id for one in found.find(JobFilter(owner=job.owner))] == [job.id]
    assert [one.id for one in found.find(JobFilter())] == [other.id, job.id]
