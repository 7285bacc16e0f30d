"""What an owner's jobs hold, in bytes: counted at accept, given back once however they end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from shared.errors import BodyTooLarge, OwnerBytesFull
from shared.jobs.failures import Failure
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Result, Retried
from shared.ledger.job_store import JobStore
from shared.queues.names import chat_queue
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, new_job, new_settings

MOST = 100
REQUEST = b"x" * 40
FAILURE = Failure(500, "server_error", "internal_error", "It broke.")


@pytest.fixture
def store(ledger_redis: redis.Redis, fake_clock: FakeClock) -> JobStore:
    return JobStore(ledger_redis, new_settings(owner_queue_bytes=MOST, max_crashes=1), fake_clock)


@pytest.fixture
def recovery(ledger_redis: redis.Redis, fake_clock: FakeClock) -> RecoveryStore:
    return RecoveryStore(ledger_redis, new_settings(max_crashes=1), fake_clock)


def held(client: redis.Redis, owner: str = "key1") -> int:
    return int(client.hget(keys.held_bytes(owner), "all") or 0)


def accepted(store: JobStore, **overrides: object) -> Job:
    answer = store.accept(new_job(**{"request": REQUEST, **overrides}))
    job = store.get(answer.id)
    assert job is not None
    return job


def answer(store: JobStore, job: Job, result: Result) -> None:
    claim = store.claim(job.id, chat_queue("m"), 5, "w")
    assert claim is not None
    store.execute(job.id, claim.attempt, result)


def complete(store: JobStore) -> None:
    jobs = [job for job in store.summaries(store.executed(100)) if job]
    store.complete(jobs)


def test_accept_refuses_what_an_owner_has_no_bytes_for_and_changes_nothing(
    store: JobStore, ledger_redis: redis.Redis
) -> None:
    accepted(store)
    accepted(store, model="another")
    before = {key for key in ledger_redis.keys("*") if b"bytes" not in key}
    with pytest.raises(OwnerBytesFull) as refused:
        accepted(store)
    assert refused.value.status == 429
    assert refused.value.code == "owner_queue_bytes_full"
    assert 1 <= (refused.value.retry_after_s or 0) <= 120
    assert {key for key in ledger_redis.keys("*") if b"bytes" not in key} == before
    assert held(ledger_redis) == 80

    accepted(store, request=b"x" * 20)
    accepted(store, owner="key2")
    assert held(ledger_redis) == MOST
    assert held(ledger_redis, "key2") == 40


def test_accept_takes_no_bytes_twice_for_one_ref_id(
    store: JobStore, ledger_redis: redis.Redis
) -> None:
    new = new_job(request=REQUEST)
    assert [store.accept(new).is_new for _ in range(4)] == [True, False, False, False]
    assert held(ledger_redis) == 40


def test_accept_refuses_for_good_what_could_never_have_room(store: JobStore) -> None:
    with pytest.raises(BodyTooLarge, match="100 bytes that one key may have queued"):
        accepted(store, request=b"x" * (MOST + 1))


def ended_well(store: JobStore, recovery: RecoveryStore, clock: FakeClock, job: Job) -> None:
    answer(store, job, Result.response(b"{}"))


def ended_badly(store: JobStore, recovery: RecoveryStore, clock: FakeClock, job: Job) -> None:
    answer(store, job, Result.failure(FAILURE))


def cancelled(store: JobStore, recovery: RecoveryStore, clock: FakeClock, job: Job) -> None:
    store.cancel(job)


def expired(store: JobStore, recovery: RecoveryStore, clock: FakeClock, job: Job) -> None:
    clock.advance(3601)
    assert recovery.expire_jobs() == 1


def crashed(store: JobStore, recovery: RecoveryStore, clock: FakeClock, job: Job) -> None:
    store.claim(job.id, chat_queue("m"), 5, "w")
    clock.advance(31)
    assert recovery.reap_jobs() == 1


@pytest.mark.parametrize("end", [ended_well, ended_badly, cancelled, expired, crashed])
def test_bytes_are_given_back_once_however_a_job_ends(
    store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
    end: Callable[[JobStore, RecoveryStore, FakeClock, Job], None],
) -> None:
    job = accepted(store)
    end(store, recovery, fake_clock, job)
    store.cancel(job)
    complete(store)
    assert not ledger_redis.exists(keys.held_bytes("key1"))


def test_retry_takes_the_bytes_again_if_there_is_room(
    store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = accepted(store)
    answer(store, job, Result.failure(FAILURE))
    complete(store)
    others = [accepted(store), accepted(store)]
    with pytest.raises(OwnerBytesFull):
        store.retry(job)
    found = store.get(job.id)
    assert found is not None
    assert found.state is JobState.FAILED

    store.cancel(others[0])
    assert store.retry(job) is Retried.QUEUED
    assert held(ledger_redis) == 80


def test_retry_that_is_refused_puts_nothing_back_that_had_left_the_ledger(
    store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = accepted(store)
    answer(store, job, Result.failure(FAILURE))
    complete(store)
    job = store.get(job.id) or job
    ledger_redis.delete(keys.job(job.id), keys.ref(job.owner, job.ref_id))
    accepted(store)
    accepted(store)
    with pytest.raises(OwnerBytesFull):
        store.retry(job, put_back=True)
    assert not ledger_redis.exists(keys.job(job.id), keys.ref(job.owner, job.ref_id))


def test_job_of_an_older_process_gives_nothing_back(
    store: JobStore, ledger_redis: redis.Redis
) -> None:
    old, new = accepted(store), accepted(store)
    # As a process accepts that does not count.
    ledger_redis.hdel(keys.held_bytes("key1"), str(old.id))
    ledger_redis.hincrby(keys.held_bytes("key1"), "all", -40)

    store.cancel(old)
    assert held(ledger_redis) == 40
    store.cancel(new)
    assert not ledger_redis.exists(keys.held_bytes("key1"))


def test_bytes_of_jobs_that_an_older_process_ended_are_found_when_there_is_no_room(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    store = JobStore(ledger_redis, new_settings(owner_queue_bytes=40_000), fake_clock)
    jobs = [accepted(store) for _ in range(1000)]
    for job in jobs[:500]:
        ledger_redis.hset(keys.job(job.id), "state", "Executed")
    for job in jobs[500:999]:
        ledger_redis.delete(keys.job(job.id))
    refused = 0
    while not ledger_redis.exists(keys.ref("key1", "last")):
        try:
            accepted(store, ref_id="last", request=b"x" * 39_000)
        except OwnerBytesFull:
            refused += 1
    # Each look is at a part of them, so that none takes long.
    assert refused <= 20
    assert held(ledger_redis) <= 40_000
    assert ledger_redis.hexists(keys.held_bytes("key1"), str(jobs[-1].id))
