"""The chunks in the ledger: written by one attempt, once and in order; read from any place."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.errors import Failure
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Claim, Result
from shared.ledger.chunk_store import START, Batch, ChunkStore, Entry
from shared.ledger.job_store import JobStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, dump, new_job

ANSWER = Result.response(b"{}")
BROKEN = Result.failure(Failure(502, "server_error", "stream_broken", "It broke."))
ASLEEP = ("gateway1", START)


@pytest.fixture
def chunk_store(ledger_redis: redis.Redis) -> ChunkStore:
    return ChunkStore(ledger_redis)


def started(jobs: JobStore, **overrides: Any) -> Claim:
    job_id = jobs.accept(new_job(**{"streamed": True, **overrides})).id
    claim = jobs.claim(job_id, "chat.m", 5, "w1")
    assert claim is not None
    return claim


def append(store: ChunkStore, claim: Claim, number: int, *chunks: bytes) -> bool:
    [accepted] = store.append([Batch(claim.id, claim.attempt, number, chunks)])
    return accepted


def texts(entries: list[Entry]) -> list[bytes]:
    return [chunk for entry in entries for chunk in entry.chunks]


def completed(jobs: JobStore, claim: Claim, result: Result = ANSWER) -> Job:
    jobs.execute(claim.id, claim.attempt, result)
    job = jobs.get(claim.id)
    assert job is not None
    jobs.complete([job])
    return job


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([b'{"a":1}'], id="one"),
        pytest.param([b'{"a":1}', b'{"b":2}', b'{"c":3}'], id="several of one batch"),
        pytest.param(['{"é":"💬 模型"}'.encode(), b'{"x":"\\u001e"}'], id="text beyond ASCII"),
        pytest.param([b'{\n "a": 1\r\n}', b" {} "], id="white space and line ends"),
    ],
)
def test_chunks_come_back_as_they_were_appended(
    job_store: JobStore, chunk_store: ChunkStore, chunks: list[bytes]
) -> None:
    claim = started(job_store)
    assert append(chunk_store, claim, 1, *chunks)
    assert texts(chunk_store.read_from(claim.id, START)) == chunks


def test_batches_of_many_jobs_are_judged_one_by_one(
    job_store: JobStore, chunk_store: ChunkStore
) -> None:
    first, second = started(job_store), started(job_store)
    late = Batch(first.id, first.attempt + 1, 1, [b"x"])
    good = Batch(second.id, second.attempt, 1, [b"1"])
    assert chunk_store.append([late, good]) == [False, True]
    assert texts(chunk_store.read_from(second.id, START)) == [b"1"]


def test_batch_that_comes_twice_is_kept_once(
    job_store: JobStore, chunk_store: ChunkStore, ledger_redis: redis.Redis
) -> None:
    claim = started(job_store)
    append(chunk_store, claim, 1, b"1")
    append(chunk_store, claim, 2, b"2")
    before = dump(ledger_redis)
    assert append(chunk_store, claim, 2, b"2")
    assert append(chunk_store, claim, 1, b"1")
    assert dump(ledger_redis) == before


@pytest.mark.parametrize(
    "end", ["deferred", "executed", "completed", "reaped", "cancelled", "gone"]
)
def test_append_is_refused_and_changes_nothing_when_the_attempt_has_ended(
    job_store: JobStore,
    chunk_store: ChunkStore,
    recovery: Any,
    fake_clock: Any,
    ledger_redis: redis.Redis,
    end: str,
) -> None:
    claim = started(job_store)
    if end == "deferred":
        job_store.defer(claim.id, claim.attempt, 1.0)
    elif end == "executed":
        job_store.execute(claim.id, claim.attempt, ANSWER)
    elif end == "completed":
        completed(job_store, claim)
    elif end == "reaped":
        fake_clock.advance(31)
        recovery.reap_jobs()
    elif end == "cancelled":
        job_store.execute(claim.id, claim.attempt, Result.failure(CANCELLED, cancelled=True))
    else:
        ledger_redis.delete(keys.job(claim.id))
    before = dump(ledger_redis)
    assert not append(chunk_store, claim, 1, b"1")
    assert dump(ledger_redis) == before


def test_append_is_refused_when_another_attempt_has_said_something(
    job_store: JobStore, chunk_store: ChunkStore
) -> None:
    """Two attempts' text is never mixed, whatever a worker thinks it may do."""
    claim = started(job_store)
    append(chunk_store, claim, 1, b"1")
    job_store.defer(claim.id, claim.attempt, 0.0)
    job_store.client.zrem(keys.DELAYED, claim.id)  # as the tick does
    again = job_store.claim(claim.id, "chat.m", 5, "w2")
    assert again is not None
    assert not append(chunk_store, again, 2, b"2")
    assert texts(chunk_store.read_from(claim.id, START)) == [b"1"]


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "end"),
    [
        pytest.param(ANSWER, JobState.COMPLETED, id="completed"),
        pytest.param(BROKEN, JobState.FAILED, id="failed"),
        pytest.param(Result.failure(CANCELLED, cancelled=True), JobState.CANCELLED, id="cancelled"),
    ],
)
def test_last_entry_tells_how_the_job_ended(
    job_store: JobStore, chunk_store: ChunkStore, result: Result, end: JobState
) -> None:
    claim = started(job_store)
    append(chunk_store, claim, 1, b"1")
    job_store.execute(claim.id, claim.attempt, result)
    entries = chunk_store.read_from(claim.id, START)
    assert [(entry.chunks, entry.end) for entry in entries] == [((b"1",), None), ((), end)]


def test_end_of_a_job_that_was_cancelled_in_line_is_told_too(
    job_store: JobStore, chunk_store: ChunkStore
) -> None:
    job = job_store.get(job_store.accept(new_job(streamed=True)).id)
    assert job is not None
    job_store.cancel(job)
    [entry] = chunk_store.read_from(job.id, START)
    assert entry.end is JobState.CANCELLED


def test_job_that_does_not_stream_has_no_stream(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    claim = started(job_store, streamed=False)
    completed(job_store, claim)
    assert not ledger_redis.exists(keys.chunks(claim.id))


@pytest.mark.parametrize(
    "reply_to", ["", pytest.param("https://example.com/cb", id="with a callback")]
)
def test_stream_lives_for_its_ttl_after_its_job_was_completed(
    job_store: JobStore, chunk_store: ChunkStore, ledger_redis: redis.Redis, reply_to: str
) -> None:
    claim = started(job_store, reply_to=reply_to)
    append(chunk_store, claim, 1, b"1")
    assert ledger_redis.ttl(keys.chunks(claim.id)) == -1
    completed(job_store, claim)
    assert 50 < ledger_redis.ttl(keys.chunks(claim.id)) <= 60


def test_stream_does_not_outlive_its_job(
    chunk_store: ChunkStore, ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock
) -> None:
    longer = settings.model_copy(update={"stream_ttl_s": 10 * settings.result_ttl_s})
    job_store = JobStore(ledger_redis, longer, fake_clock)
    claim = started(job_store)
    append(chunk_store, claim, 1, b"1")
    completed(job_store, claim)
    assert 590 < ledger_redis.ttl(keys.chunks(claim.id)) <= 600


# --- reading --------------------------------------------------------------------------------------


def test_read_from_an_entry_includes_it(job_store: JobStore, chunk_store: ChunkStore) -> None:
    claim = started(job_store)
    for number in (1, 2, 3):
        append(chunk_store, claim, number, b"%d" % number)
    entries = chunk_store.read_from(claim.id, START)
    assert texts(chunk_store.read_from(claim.id, entries[1].id)) == [b"2", b"3"]


def test_read_from_a_stream_that_is_not_there_returns_nothing(chunk_store: ChunkStore) -> None:
    assert chunk_store.read_from(99, START) == []


def test_read_returns_what_is_behind_each_id_of_many_jobs(
    job_store: JobStore, chunk_store: ChunkStore
) -> None:
    first, second, silent = (started(job_store) for _ in range(3))
    for claim in (first, second):
        append(chunk_store, claim, 1, b"1")
        append(chunk_store, claim, 2, b"2")
    after = chunk_store.read_from(second.id, START)[0].id

    read = chunk_store.read({first.id: START, second.id: after, silent.id: START}, ASLEEP, 1.0)

    assert {job_id: texts(entries) for job_id, entries in read.entries.items()} == {
        first.id: [b"1", b"2"],
        second.id: [b"2"],
    }
    assert read.woken == START


def test_read_returns_nothing_when_its_time_is_up(
    job_store: JobStore, chunk_store: ChunkStore
) -> None:
    read = chunk_store.read({started(job_store).id: START}, ASLEEP, 0.001)
    assert (read.entries, read.woken) == ({}, START)


def test_wake_ends_a_read_once(chunk_store: ChunkStore) -> None:
    chunk_store.wake("gateway1")
    first = chunk_store.read({}, ASLEEP, 1.0)
    assert first.woken != START
    second = chunk_store.read({}, ("gateway1", first.woken), 0.001)
    assert second.woken == first.woken


def test_wake_is_for_one_process(chunk_store: ChunkStore) -> None:
    chunk_store.wake("gateway2")
    assert chunk_store.read({}, ASLEEP, 0.001).woken == START


def test_wake_leaves_one_entry_that_goes_by_itself(
    chunk_store: ChunkStore, ledger_redis: redis.Redis
) -> None:
    for _ in range(3):
        chunk_store.wake("gateway1")
    assert ledger_redis.xlen(keys.wake_stream("gateway1")) == 1
    assert 0 < ledger_redis.ttl(keys.wake_stream("gateway1")) <= 60
