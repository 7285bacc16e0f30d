"""The ledger's recovery: what the tick finds due, dead or missing, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import redis

from shared.callbacks.delivery import DeliveryAttempt, NextStep
from shared.callbacks.delivery import DeliveryState as State
from shared.callbacks.delivery_store import DeliveryStore
from shared.jobs.failures import CANCELLED, DEADLINE_PASSED, STREAM_BROKEN, WORKER_LOST
from shared.jobs.job import Job, JobState, failure_body
from shared.jobs.moves import Claim, Renewal, Result
from shared.ledger.chunk_store import START, Batch, ChunkStore
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.jobs import DOORBELL_GRACE_S
from shared.recovery.recovery_store import RecoveryStore
from shared.recovery.search import BATCH, MISSING_GRACE_S
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.scripts import Call, ScriptRunner
from tests.support.factories import START_MS, FakeClock, MessageLists, dump, new_job, new_settings

ANSWER = Result.response(b"{}")
CHAT = "chat.m"
HOUR_S = 3600

NARROWEST_WINDOW = 4


def accepted(store: JobStore, **overrides: Any) -> Job:
    return read(store, store.accept(new_job(**overrides)).id)


def started(store: JobStore, lists: MessageLists, **overrides: Any) -> Claim:
    """Accept a job and let a worker take its message and claim it."""
    job = accepted(store, **overrides)
    lists.take_chat(job.model)
    claim = store.claim(job.id, task_names.chat_queue(job.model), job.priority, "w")
    assert claim is not None
    return claim


def deferred(store: JobStore, lists: MessageLists, delay_s: float, **overrides: Any) -> int:
    claim = started(store, lists, **overrides)
    store.defer(claim.id, claim.attempt, delay_s)
    return claim.id


def executed(store: JobStore, lists: MessageLists, **overrides: Any) -> Job:
    claim = started(store, lists, **overrides)
    store.execute(claim.id, claim.attempt, ANSWER)
    return read(store, claim.id)


def delivering(store: JobStore, lists: MessageLists) -> int:
    """Bring a job as far as its delivery, whose message is in the list."""
    job = executed(store, lists, reply_to="https://example.com")
    store.complete([job])
    return job.id


def read(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def find(recovery: RecoveryStore, clock: FakeClock) -> int:
    """See what is missing, and look again when the grace is over; return how many were pushed."""
    recovery.repush_jobs()
    clock.advance(MISSING_GRACE_S)
    return recovery.repush_jobs()


# --- reap -----------------------------------------------------------------------------------------


def test_reap_queues_the_job_again_at_the_front_when_its_lease_is_past(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    claim = started(job_store, lists)
    behind = accepted(job_store)
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 1

    job = read(job_store, claim.id)
    assert (job.state, job.crashes, job.attempt) == (JobState.QUEUED, 1, 1)
    assert lists.chat_ids() == [claim.id, behind.id]
    assert ledger_redis.zcard(keys.LEASES) == 0
    line = ledger_redis.zrange(keys.line(CHAT, 5), 0, -1)
    assert line == [b"%d" % claim.id, b"%d" % behind.id]
    again = job_store.claim(claim.id, "chat.m", 5, "w2")
    assert again is not None
    assert again.attempt == 2


def test_reap_leaves_a_job_alone_while_its_lease_holds(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    claim = started(job_store, lists)
    fake_clock.advance(20)
    job_store.renew([(claim.id, claim.attempt)])
    before = dump(ledger_redis)
    fake_clock.advance(29.999)

    assert recovery.reap_jobs() == 0
    assert dump(ledger_redis) == before


def test_reap_does_nothing_when_it_is_repeated(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    started(job_store, lists)
    fake_clock.advance(30)
    recovery.reap_jobs()
    before = dump(ledger_redis)

    assert recovery.reap_jobs() == 0
    assert dump(ledger_redis) == before


def test_reap_ends_the_job_when_its_stream_had_begun(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    """Another attempt would say something else from the start: the two must not be mixed."""
    claim, chunks = started(job_store, lists, streamed=True), ChunkStore(ledger_redis)
    chunks.append([Batch(claim.id, claim.attempt, 1, [b"{}"])])
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 1

    job = read(job_store, claim.id)
    assert (job.state, job.outcome, job.status) == (JobState.EXECUTED, JobState.FAILED, 502)
    assert job.error == failure_body(STREAM_BROKEN)
    assert [entry.end for entry in chunks.read_from(claim.id, START)] == [None, JobState.FAILED]
    assert lists.chat_ids() == []
    assert ledger_redis.zcard(keys.LEASES) == 0


def test_reap_queues_a_streamed_job_again_when_nothing_was_said_yet(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    claim = started(job_store, lists, streamed=True)
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 1

    assert read(job_store, claim.id).state is JobState.QUEUED
    again = job_store.claim(claim.id, CHAT, 5, "w2")
    assert again is not None
    assert ChunkStore(ledger_redis).append([Batch(again.id, again.attempt, 1, [b"{}"])]) == [True]


def test_reap_ends_a_stream_as_cancelled_when_the_client_asked(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    claim, chunks = started(job_store, lists, streamed=True), ChunkStore(ledger_redis)
    chunks.append([Batch(claim.id, claim.attempt, 1, [b"{}"])])
    job_store.cancel(read(job_store, claim.id))
    fake_clock.advance(30)

    recovery.reap_jobs()

    assert read(job_store, claim.id).outcome == JobState.CANCELLED
    assert chunks.read_from(claim.id, START)[-1].end is JobState.CANCELLED


def test_reap_ends_the_job_when_it_has_taken_down_too_many_workers(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = accepted(job_store)
    for attempt in (1, 2, 3):
        assert lists.take_chat() == job.id
        claim = job_store.claim(job.id, "chat.m", 5, "w")
        assert claim is not None
        assert claim.attempt == attempt
        fake_clock.advance(30)
        assert recovery.reap_jobs() == 1

    after = read(job_store, job.id)
    assert (after.state, after.outcome, after.crashes) == (JobState.EXECUTED, "Failed", 3)
    assert (after.status, after.error) == (500, Result.failure(WORKER_LOST).body)
    records = [(row.number, row.outcome, row.duration_ms, row.detail) for row in after.attempts]
    assert records == [(n, "worker_lost", 30_000, "The worker w was lost.") for n in (1, 2, 3)]
    assert lists.chat_ids() == []
    assert lists.ids(task_names.COMPLETION_QUEUE) == [job.id]


def test_reap_counts_crashes_but_not_transient_failures(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job_id = deferred(job_store, lists, 0)
    for _ in range(5):
        recovery.promote_jobs()
        lists.take_chat()
        claim = job_store.claim(job_id, "chat.m", 5, "w")
        assert claim is not None
        job_store.defer(job_id, claim.attempt, 0)

    assert (read(job_store, job_id).attempt, read(job_store, job_id).crashes) == (6, 0)


def test_reap_ends_the_job_as_cancelled_when_the_client_asked_for_it(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    claim = started(job_store, lists)
    job_store.cancel(read(job_store, claim.id))
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 1

    job = read(job_store, claim.id)
    assert (job.state, job.outcome, job.status) == (JobState.EXECUTED, "Cancelled", 499)
    assert job.error == Result.failure(CANCELLED, cancelled=True).body


def test_reap_puts_the_oldest_first_when_many_are_due(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    dead = []
    for _ in range(4):
        dead.append(started(job_store, lists).id)
        fake_clock.advance(1)
    waiting = accepted(job_store).id
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 4
    assert lists.chat_ids() == [*dead, waiting]


def test_reap_keeps_each_job_in_the_queue_of_its_model_and_priority(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    bulk = started(job_store, lists, model="b", priority=9).id
    person = started(job_store, lists, model="a", priority=0).id
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 2
    assert lists.chat_ids("a", 0) == [person]
    assert lists.chat_ids("b", 9) == [bulk]


def test_reap_forgets_a_lease_whose_job_is_gone(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    gone, other = started(job_store, lists), started(job_store, lists)
    ledger_redis.delete(keys.job(gone.id))
    fake_clock.advance(30)

    assert recovery.reap_jobs() == 1
    assert ledger_redis.zcard(keys.LEASES) == 0
    assert lists.chat_ids() == [other.id]


def test_reap_waits_one_lease_and_not_the_step_when_the_clock_was_set_back(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    dead, runs = started(job_store, lists), started(job_store, lists)
    fake_clock.advance(-HOUR_S)

    assert recovery.reap_jobs() == 0
    assert ledger_redis.zscore(keys.LEASES, dead.id) == fake_clock() + 30_000
    fake_clock.advance(10)
    assert job_store.renew([(runs.id, runs.attempt)]) == [Renewal.RENEWED]
    fake_clock.advance(20)

    assert recovery.reap_jobs() == 1
    assert lists.chat_ids() == [dead.id]


# --- promote --------------------------------------------------------------------------------------


def test_promote_pushes_the_message_to_the_front_when_the_job_is_due(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job_id = deferred(job_store, lists, 5)
    waiting = accepted(job_store).id
    fake_clock.advance(4.999)
    assert recovery.promote_jobs() == 0
    fake_clock.advance(0.001)

    assert [recovery.promote_jobs() for _ in range(2)] == [1, 0]

    assert lists.chat_ids() == [job_id, waiting]
    assert ledger_redis.zcard(keys.DELAYED) == 0
    assert ledger_redis.zscore(keys.line(CHAT, 5), job_id) is not None
    assert job_store.claim(job_id, "chat.m", 5, "w") is not None


def test_promote_puts_the_one_due_longest_first_when_many_are_due(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    ids = [deferred(job_store, lists, delay_s) for delay_s in (3, 1, 2)]
    fake_clock.advance(5)

    assert recovery.promote_jobs() == 3
    assert lists.chat_ids() == [ids[1], ids[2], ids[0]]


def test_promote_forgets_a_due_time_whose_job_is_gone(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    job_id = deferred(job_store, lists, 0)
    ledger_redis.delete(keys.job(job_id))

    assert recovery.promote_jobs() == 0
    assert ledger_redis.zcard(keys.DELAYED) == 0


def test_promote_leaves_a_job_that_was_cancelled(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists
) -> None:
    job_id = deferred(job_store, lists, 0)
    job_store.cancel(read(job_store, job_id))

    assert recovery.promote_jobs() == 0
    assert lists.chat_ids() == []


# --- expire ---------------------------------------------------------------------------------------


def in_line(store: JobStore, lists: MessageLists) -> int:
    return accepted(store, timeout_s=10).id


def held(store: JobStore, lists: MessageLists) -> int:
    job_id = in_line(store, lists)
    lists.take_chat()
    return job_id


def delayed_long(store: JobStore, lists: MessageLists) -> int:
    return deferred(store, lists, HOUR_S, timeout_s=10)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(in_line, id="in line"),
        pytest.param(held, id="held by a busy worker"),
        pytest.param(delayed_long, id="delayed beyond its deadline"),
    ],
)
def test_expire_ends_the_job_at_its_deadline_when_it_is(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
    make: Callable[[JobStore, MessageLists], int],
) -> None:
    job_id = make(job_store, lists)
    recovery.repush_jobs()
    fake_clock.advance(9.999)
    assert recovery.expire_jobs() == 0
    fake_clock.advance(0.001)

    assert [recovery.expire_jobs() for _ in range(2)] == [1, 0]

    job = read(job_store, job_id)
    assert (job.state, job.outcome, job.status) == (JobState.EXECUTED, "Failed", 504)
    assert job.error == Result.failure(DEADLINE_PASSED).body
    assert lists.ids(task_names.COMPLETION_QUEUE) == [job_id]
    for empty in (keys.line(CHAT, 5), keys.missing(CHAT, 5), keys.DELAYED, keys.DEADLINES):
        assert ledger_redis.zcard(empty) == 0
    assert job_store.claim(job_id, "chat.m", 5, "w") is None


def test_expire_leaves_a_job_that_runs_and_looks_again_later(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    claim = started(job_store, lists, timeout_s=10)
    fake_clock.advance(10)
    job_store.renew([(claim.id, claim.attempt)])
    assert recovery.expire_jobs() == 0
    assert read(job_store, claim.id).state is JobState.STARTED
    assert ledger_redis.zscore(keys.DEADLINES, claim.id) == fake_clock() + 30_000

    fake_clock.advance(30)
    assert recovery.reap_jobs() == 1
    assert recovery.expire_jobs() == 1
    assert read(job_store, claim.id).error == Result.failure(DEADLINE_PASSED).body


def test_expire_forgets_a_deadline_whose_job_is_gone(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    gone, other = accepted(job_store, timeout_s=10), accepted(job_store, timeout_s=10)
    ledger_redis.delete(keys.job(gone.id))
    fake_clock.advance(10)

    assert recovery.expire_jobs() == 1
    assert ledger_redis.zcard(keys.DEADLINES) == 0
    assert read(job_store, other.id).state is JobState.EXECUTED


# --- missing messages -----------------------------------------------------------------------------


def test_repush_finds_a_lost_message_when_the_list_is_empty(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = accepted(job_store)
    lists.lose(CHAT, 5)
    assert recovery.repush_jobs() == 0
    fake_clock.advance(MISSING_GRACE_S - 0.001)
    assert recovery.repush_jobs() == 0
    fake_clock.advance(0.001)

    assert [recovery.repush_jobs() for _ in range(3)] == [1, 0, 0]

    assert lists.chat_ids() == [job.id]
    assert ledger_redis.zcard(keys.missing(CHAT, 5)) == 0
    assert ledger_redis.zcard(keys.line(CHAT, 5)) == 1


def test_repush_finds_a_job_whose_claim_failed_in_its_middle(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job_id = accepted(job_store).id
    lists.take(CHAT)
    ledger_redis.set(
        keys.drain(CHAT), "no hash: what comes after fails, what was done before stays"
    )
    with pytest.raises(redis.ResponseError):
        job_store.claim(job_id, CHAT, 5, "w")
    ledger_redis.delete(keys.drain(CHAT))

    assert find(recovery, fake_clock) == 1
    assert lists.ids(CHAT, 5) == [job_id]
    assert job_store.claim(job_id, CHAT, 5, "w") is not None


@pytest.mark.parametrize("priority", [0, 5, 9])
def test_repush_keeps_the_priority_of_the_job(
    job_store: JobStore,
    recovery: RecoveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
    priority: int,
) -> None:
    job = accepted(job_store, priority=priority)
    lists.lose(CHAT, priority)

    assert find(recovery, fake_clock) == 1
    assert lists.chat_ids(priority=priority) == [job.id]
    assert lists.messages(CHAT, priority)[0]["properties"]["priority"] == priority


def test_repush_finds_a_lost_message_within_the_grace_when_the_backlog_is_constant(
    job_store: JobStore,
    recovery: RecoveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    lost = accepted(job_store)
    for _ in range(100):
        accepted(job_store)
    lists.lose(CHAT, 5)

    pushed = 0
    for _ in range(round(MISSING_GRACE_S) + 1):
        # As much work comes as is done.
        accepted(job_store)
        job_id = lists.take_chat()
        assert job_id is not None
        job_store.claim(job_id, "chat.m", 5, "w")
        pushed += recovery.repush_jobs()
        fake_clock.advance(1)

    assert pushed == 1
    assert lists.chat_ids()[0] == lost.id
    # The list holds its window, the narrowest at this rate, and the lost one in front of it.
    assert len(lists.chat_ids()) == NARROWEST_WINDOW + 1


def test_repush_finds_a_message_lost_from_the_middle_when_the_line_has_come_to_it(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    jobs = [accepted(job_store) for _ in range(3)]
    lists.lose(CHAT, 5, index=1)
    assert find(recovery, fake_clock) == 0
    lists.take_chat()
    job_store.claim(jobs[0].id, "chat.m", 5, "w")

    assert find(recovery, fake_clock) == 1
    assert lists.chat_ids() == [jobs[1].id, jobs[2].id]


def test_repush_puts_lost_messages_back_in_their_order(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    jobs = [accepted(job_store).id for _ in range(4)]
    for _ in range(3):
        lists.lose(CHAT, 5)

    assert find(recovery, fake_clock) == 3
    assert lists.chat_ids() == jobs


def test_repush_pushes_nothing_while_messages_wait_in_their_list_however_long(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    for priority in (0, 5, 9):
        for _ in range(2):
            accepted(job_store, priority=priority, timeout_s=10 * HOUR_S)
    dead = started(job_store, lists, priority=0)
    late = deferred(job_store, lists, 5, priority=0)
    fake_clock.advance(31)
    assert (recovery.reap_jobs(), recovery.promote_jobs()) == (1, 1)
    assert {dead.id, late} <= set(lists.chat_ids(priority=0))
    before = dump(ledger_redis)

    for step_s in (1, 1, 1, 5, 60, HOUR_S, -HOUR_S, 1, 5):
        fake_clock.advance(step_s)
        assert recovery.repush_jobs() == 0

    assert dump(ledger_redis) == before


def test_repush_pushes_a_held_message_once_and_the_held_copy_is_stale(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = accepted(job_store)
    in_the_hand_of_a_busy_worker = lists.take_chat()
    assert in_the_hand_of_a_busy_worker == job.id

    pushed = 0
    for _ in range(60):
        pushed += recovery.repush_jobs()
        fake_clock.advance(1)

    assert pushed == 1
    assert lists.chat_ids() == [job.id]
    other = lists.take_chat()
    assert other is not None
    assert job_store.claim(other, "chat.m", 5, "idle") is not None
    assert job_store.claim(in_the_hand_of_a_busy_worker, "chat.m", 5, "busy") is None


def test_repush_leaves_a_message_that_is_stale_when_the_holder_claims_first(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = accepted(job_store)
    lists.take_chat()
    assert find(recovery, fake_clock) == 1

    claim = job_store.claim(job.id, "chat.m", 5, "busy")

    assert claim is not None
    assert lists.take_chat() == job.id
    assert job_store.claim(job.id, "chat.m", 5, "idle") is None
    assert find(recovery, fake_clock) == 0


def test_repush_starts_the_grace_anew_when_the_clock_was_set_back(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    accepted(job_store)
    lists.lose(CHAT, 5)
    recovery.repush_jobs()
    fake_clock.advance(-HOUR_S)

    assert recovery.repush_jobs() == 0
    fake_clock.advance(MISSING_GRACE_S)
    assert recovery.repush_jobs() == 1


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b"17", id="a number"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"headers":null}', id="null headers"),
        pytest.param(b'{"headers":7}', id="a number for headers"),
        pytest.param(b'{"headers":{}}', id="no place"),
        pytest.param(b'{"headers":{"place":null}}', id="a null place"),
        pytest.param(b'{"headers":{"place":"front"}}', id="a text for a place"),
    ],
)
def test_repush_passes_over_a_list_but_not_others_when_a_foreign_message_leads_it(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
    foreign: bytes,
) -> None:
    accepted(job_store)
    ledger_redis.rpush(keys.message_list(CHAT, 5), foreign)
    lost = accepted(job_store, model="z")
    lists.lose("chat.z", 5)

    assert find(recovery, fake_clock) == 1
    assert lists.chat_ids("z") == [lost.id]


def test_repush_forgets_a_place_in_line_whose_job_is_gone(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = accepted(job_store)
    lists.lose(CHAT, 5)
    ledger_redis.delete(keys.job(job.id))

    assert find(recovery, fake_clock) == 0
    assert ledger_redis.zcard(keys.line(CHAT, 5)) == 0
    assert ledger_redis.zcard(keys.missing(CHAT, 5)) == 0


def test_repush_finds_the_lost_message_of_a_delivery(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job_id = delivering(job_store, lists)
    waiting = delivering(job_store, lists)
    lists.lose(task_names.CALLBACKS_QUEUE, 0)
    assert recovery.repush_deliveries() == 0
    fake_clock.advance(MISSING_GRACE_S)

    assert [recovery.repush_deliveries() for _ in range(2)] == [1, 0]

    assert lists.ids(task_names.CALLBACKS_QUEUE) == [job_id, waiting]
    assert lists.messages(task_names.CALLBACKS_QUEUE)[0]["headers"]["task"] == task_names.DELIVER


def test_recovery_moves_no_more_than_a_batch_at_once(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    job = accepted(job_store)
    ledger_redis.zadd(keys.DELAYED, {f"{10_000 + n}": START_MS - 2 for n in range(BATCH)})
    ledger_redis.zadd(keys.DELAYED, {f"{job.id}": START_MS - 1})

    assert recovery.promote_jobs() == 0
    assert ledger_redis.zcard(keys.DELAYED) == 1
    assert recovery.promote_jobs() == 1


# --- deliveries -----------------------------------------------------------------------------------


def attempt(number: int) -> DeliveryAttempt:
    return DeliveryAttempt(number, "first", START_MS, 5, "hash")


def test_return_deliveries_pushes_to_the_front_what_is_due(
    job_store: JobStore,
    recovery: RecoveryStore,
    delivery_store: DeliveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    ids = [delivering(job_store, lists) for _ in range(3)]
    for job_id, delay_s in zip(ids, (9, 3, 6), strict=True):
        lists.take(task_names.CALLBACKS_QUEUE)
        claim = delivery_store.claim(job_id)
        assert claim is not None
        later = NextStep(State.PENDING, "503", delay_s)
        assert delivery_store.finish(read(job_store, job_id), claim, attempt(1), later)
    waiting = delivering(job_store, lists)

    fake_clock.advance(2.999)
    assert recovery.return_deliveries() == 0
    fake_clock.advance(6.001)
    assert [recovery.return_deliveries() for _ in range(2)] == [3, 0]

    assert lists.ids(task_names.CALLBACKS_QUEUE) == [ids[1], ids[2], ids[0], waiting]
    again = delivery_store.claim(ids[1])
    assert again is not None
    assert (again.attempt, again.tries) == (2, 1)


def test_return_deliveries_pushes_what_a_dead_worker_held(
    job_store: JobStore,
    recovery: RecoveryStore,
    delivery_store: DeliveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job_id = delivering(job_store, lists)
    lists.take(task_names.CALLBACKS_QUEUE)
    delivery_store.claim(job_id)
    fake_clock.advance(10 - 0.001)
    assert recovery.return_deliveries() == 0
    fake_clock.advance(0.001)

    assert [recovery.return_deliveries() for _ in range(2)] == [1, 0]
    assert lists.ids(task_names.CALLBACKS_QUEUE) == [job_id]


def test_return_deliveries_waits_one_lease_and_not_the_step_when_the_clock_was_set_back(
    job_store: JobStore,
    recovery: RecoveryStore,
    delivery_store: DeliveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    delivery_store.claim(delivering(job_store, lists))
    fake_clock.advance(-HOUR_S)

    assert recovery.return_deliveries() == 0
    fake_clock.advance(10)
    assert recovery.return_deliveries() == 1


def test_return_deliveries_leaves_leases_alone_when_workers_had_no_time_to_renew(
    job_store: JobStore,
    recovery: RecoveryStore,
    delivery_store: DeliveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job_id = delivering(job_store, lists)
    lists.take(task_names.CALLBACKS_QUEUE)
    claim = delivery_store.claim(job_id)
    assert claim is not None
    fake_clock.advance(60)

    assert recovery.return_deliveries(reap=False) == 0
    assert delivery_store.renew({job_id: claim.attempt}) == 1
    assert recovery.return_deliveries() == 0


@pytest.mark.parametrize("source", [keys.DELIVERIES_DELAYED, keys.DELIVERIES_LEASES])
def test_return_deliveries_forgets_an_id_without_a_delivery(
    recovery: RecoveryStore, ledger_redis: redis.Redis, lists: MessageLists, source: str
) -> None:
    ledger_redis.zadd(source, {"999": START_MS - 1})

    assert recovery.return_deliveries() == 0
    assert ledger_redis.zcard(source) == 0
    assert lists.ids(task_names.CALLBACKS_QUEUE) == []


# --- the doorbell ---------------------------------------------------------------------------------


def test_ring_pushes_one_bell_when_its_message_was_lost(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = executed(job_store, lists)
    lists.lose(task_names.COMPLETION_QUEUE, 0)
    fake_clock.advance(DOORBELL_GRACE_S - 0.001)
    assert not recovery.ring()
    fake_clock.advance(0.001)

    assert [recovery.ring() for _ in range(3)] == [True, False, False]
    assert lists.ids(task_names.COMPLETION_QUEUE) == [job.id]


def test_ring_waits_until_the_lease_of_a_dead_completion_expires(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    executed(job_store, lists)
    lists.take(task_names.COMPLETION_QUEUE)
    assert job_store.completion.gather("dies", 10, 7).ids
    fake_clock.advance(60)
    assert not recovery.ring()

    ledger_redis.pexpire(keys.COMPLETION_LEASE, 0)

    assert recovery.ring()


def test_ring_does_nothing_while_a_bell_waits(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    executed(job_store, lists)
    fake_clock.advance(60)

    assert not recovery.ring()


def test_ring_does_nothing_when_all_is_completed(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job_store.complete([executed(job_store, lists)])
    lists.take(task_names.COMPLETION_QUEUE)
    fake_clock.advance(60)
    before = dump(ledger_redis)

    assert not recovery.ring()
    assert dump(ledger_redis) == before


def test_ring_does_not_wait_out_the_step_when_the_clock_was_set_back(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    executed(job_store, lists)
    lists.lose(task_names.COMPLETION_QUEUE, 0)
    fake_clock.advance(-HOUR_S)

    assert recovery.ring()


# --- several ticks at once ------------------------------------------------------------------------


def run_by(recovery: RecoveryStore, runner: ScriptRunner) -> None:
    """Let all parts of the recovery run their scripts by this runner."""
    for part in (recovery.jobs, recovery.deliveries):
        part._scripts = part._search._scripts = runner


class InterruptedRunner(ScriptRunner):
    """A runner that lets somebody else go first, just before it runs the named script."""

    def __init__(self, client: redis.Redis, script: str, interrupt: Callable[[], object]) -> None:
        super().__init__(client)
        self._script = script
        self._interrupt = interrupt

    def run_all(self, calls: Sequence[Call]) -> list[Any]:
        if calls and calls[0].name == self._script:
            self._interrupt()
        return super().run_all(calls)


def dead_worker(store: JobStore, deliveries: DeliveryStore, lists: MessageLists) -> None:
    started(store, lists)


def due_job(store: JobStore, deliveries: DeliveryStore, lists: MessageLists) -> None:
    deferred(store, lists, 5)


def lost_message(store: JobStore, deliveries: DeliveryStore, lists: MessageLists) -> None:
    accepted(store)
    lists.lose(CHAT, 5)


def lost_delivery(store: JobStore, deliveries: DeliveryStore, lists: MessageLists) -> None:
    delivering(store, lists)
    lists.lose(task_names.CALLBACKS_QUEUE, 0)


def dead_sender(store: JobStore, deliveries: DeliveryStore, lists: MessageLists) -> None:
    job_id = delivering(store, lists)
    lists.take(task_names.CALLBACKS_QUEUE)
    deliveries.claim(job_id)


def past_deadline(store: JobStore, deliveries: DeliveryStore, lists: MessageLists) -> None:
    accepted(store, timeout_s=20)
    lists.lose(CHAT, 5)


TICKS = [
    pytest.param(dead_worker, "reap", lambda recovery: recovery.reap_jobs(), CHAT, 5, id="reap"),
    pytest.param(
        due_job, "promote", lambda recovery: recovery.promote_jobs(), CHAT, 5, id="promote"
    ),
    pytest.param(
        lost_message, "repush", lambda recovery: recovery.repush_jobs(), CHAT, 5, id="repush a job"
    ),
    pytest.param(
        lost_delivery,
        "repush",
        lambda recovery: recovery.repush_deliveries(),
        task_names.CALLBACKS_QUEUE,
        0,
        id="repush a delivery",
    ),
    pytest.param(
        dead_sender,
        "return_delivery",
        lambda recovery: recovery.return_deliveries(),
        task_names.CALLBACKS_QUEUE,
        0,
        id="return a delivery",
    ),
    pytest.param(
        past_deadline,
        "expire",
        lambda recovery: recovery.expire_jobs(),
        task_names.COMPLETION_QUEUE,
        0,
        id="expire",
    ),
]


@pytest.mark.parametrize(("arrange", "script", "command", "queue", "priority"), TICKS)
def test_two_ticks_at_once_push_one_message_when_both_found_the_same(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    settings: Settings,
    lists: MessageLists,
    fake_clock: FakeClock,
    arrange: Callable[[JobStore, DeliveryStore, MessageLists], None],
    script: str,
    command: Callable[[RecoveryStore], int],
    queue: str,
    priority: int,
) -> None:
    arrange(job_store, delivery_store, lists)
    command(recovery)
    fake_clock.advance(31)
    moved: list[int] = []
    other = RecoveryStore(ledger_redis, settings, fake_clock)
    runner = InterruptedRunner(ledger_redis, script, lambda: moved.append(command(other)))
    run_by(recovery, runner)

    assert command(recovery) == 0

    assert moved == [1]
    assert len(lists.ids(queue, priority)) == 1


def test_a_tick_that_died_half_way_is_finished_by_the_next(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    ids = []
    for _ in range(3):
        ids.append(started(job_store, lists).id)
        fake_clock.advance(1)
    fake_clock.advance(30)
    run_by(recovery, DyingRunner(ledger_redis, "reap", after=1))
    with pytest.raises(redis.ConnectionError):
        recovery.reap_jobs()
    assert lists.chat_ids() == [ids[2]]
    run_by(recovery, ScriptRunner(ledger_redis))

    assert recovery.reap_jobs() == 2
    assert sorted(lists.chat_ids()) == ids


class DyingRunner(ScriptRunner):
    """A runner whose process dies after some calls of the named script."""

    def __init__(self, client: redis.Redis, script: str, after: int) -> None:
        super().__init__(client)
        self._script = script
        self._after = after

    def run_all(self, calls: Sequence[Call]) -> list[Any]:
        if calls and calls[0].name == self._script:
            super().run_all(calls[: self._after])
            raise redis.ConnectionError
        return super().run_all(calls)


def test_recovery_has_nothing_to_do_when_the_ledger_is_empty(
    recovery: RecoveryStore, ledger_redis: redis.Redis
) -> None:
    moved = [
        recovery.reap_jobs(),
        recovery.promote_jobs(),
        recovery.expire_jobs(),
        recovery.repush_jobs(),
        recovery.repush_deliveries(),
        recovery.return_deliveries(),
        recovery.ring(),
    ]

    assert not any(moved)
    assert dump(ledger_redis) == {}


def test_recovery_uses_the_lease_of_its_settings(
    ledger_redis: redis.Redis, lists: MessageLists, fake_clock: FakeClock
) -> None:
    settings = new_settings(lease_s=5)
    store = JobStore(ledger_redis, settings, fake_clock)
    started(store, lists)
    fake_clock.advance(5)

    assert RecoveryStore(ledger_redis, settings, fake_clock).reap_jobs() == 1
