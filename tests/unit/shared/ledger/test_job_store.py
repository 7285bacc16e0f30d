"""The job ledger: every move, every refusal, and what a repeated call leaves as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.errors import Failure, QueueFull, RefIdConflict
from shared.history.unstored import Unstored
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Attempt, Job, JobState
from shared.jobs.moves import Accepted, Cancelled, Claim, Deferred, Executed, Renewal, Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.scripts import Call, ScriptRunner
from tests.support.factories import START_MS, FakeClock, MessageLists, dump, new_job, new_settings

BINARY = bytes(range(256)) + "\r\n*3 é 語 💬".encode() + b"\x00"
PRIORITIES = [pytest.param(priority, id=f"priority {priority}") for priority in (0, 5, 9)]
ODD_NAMES = [
    pytest.param("llama3.1:8b", id="a tag"),
    pytest.param("org/model 7b", id="a slash and a space"),
    pytest.param("\"double\" and 'single'", id="quotes"),
    pytest.param("50% %s %d %%", id="percent signs"),
    pytest.param("模型-é-💬", id="unicode"),
    pytest.param("back\\slash\ttab\nline", id="backslash and control characters"),
]
ANSWER = Result.response(b'{"id":"1"}')
BAD_GATEWAY = Failure(status=502, type="server_error", code="bad_gateway", message="It broke.")


def accepted(store: JobStore, **overrides: Any) -> Job:
    job = store.get(store.accept(new_job(**overrides)).id)
    assert job is not None
    return job


def started(store: JobStore, worker: str = "w1", **overrides: Any) -> Claim:
    job = accepted(store, **overrides)
    claim = store.claim(job.id, task_names.chat_queue(job.model), job.priority, worker)
    assert claim is not None
    return claim


def executed(store: JobStore, result: Result = ANSWER, **overrides: Any) -> Job:
    claim = started(store, **overrides)
    assert store.execute(claim.id, claim.attempt, result) is Executed.EXECUTED
    return read(store, claim.id)


def completed(store: JobStore, result: Result = ANSWER, **overrides: Any) -> Job:
    job = executed(store, result, **overrides)
    store.complete([job])
    return read(store, job.id)


def read(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def reap(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> None:
    """Let every lease run out."""
    clock.advance(31)
    recovery.reap_jobs()


# --- accept ---------------------------------------------------------------------------------------


def test_accept_writes_the_whole_job_when_it_is_new(job_store: JobStore) -> None:
    new = new_job(
        owner="key1",
        ref_id="order 7",
        model="m",
        request=BINARY,
        priority=9,
        timeout_s=60.5,
        tag="nightly",
        provider="ollama",
        reply_to="https://example.com/cb?a=1&b=%20",
    )

    answer = job_store.accept(new)

    assert answer == Accepted(1, is_new=True)
    job = read(job_store, 1)
    assert job.epoch
    assert job == Job(
        id=1,
        epoch=job.epoch,
        ref_id="order 7",
        owner="key1",
        model="m",
        state=JobState.QUEUED,
        priority=9,
        tag="nightly",
        provider="ollama",
        reply_to="https://example.com/cb?a=1&b=%20",
        request=BINARY,
        created_ms=START_MS,
        deadline_ms=START_MS + 60_500,
    )


@pytest.mark.parametrize("priority", PRIORITIES)
def test_accept_pushes_one_message_to_the_list_of_its_priority(
    job_store: JobStore, ledger_redis: redis.Redis, lists: MessageLists, priority: int
) -> None:
    job = accepted(job_store, priority=priority)

    for other in task_names.PRIORITIES:
        expected = [job.id] if other == priority else []
        assert lists.chat_ids(priority=other) == expected
        line = ledger_redis.zrange(keys.line("chat.m", other), 0, -1)
        assert [int(member) for member in line] == expected


def test_accept_puts_jobs_behind_each_other_in_the_order_they_came(
    job_store: JobStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    ids = [accepted(job_store).id for _ in range(4)]

    assert lists.chat_ids() == ids
    line = ledger_redis.zrange(keys.line("chat.m", 5), 0, -1, withscores=True)
    places = [message["headers"]["place"] for message in lists.messages("chat.m", 5)]
    assert line == [(b"%d" % i, place) for i, place in zip(ids, places, strict=True)]


def test_accept_notes_model_deadline_and_tag(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = accepted(job_store, tag="nightly", timeout_s=60)

    assert ledger_redis.smembers(keys.MODELS) == {b"m"}
    assert ledger_redis.zscore(keys.DEADLINES, job.id) == START_MS + 60_000
    assert ledger_redis.hget(keys.job(job.id), "tag") == b"nightly"


def test_accept_keeps_no_index_of_tags_that_would_outlive_their_jobs(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    accepted(job_store, tag="nightly")

    assert ledger_redis.keys("*nightly*") == []


def test_accept_returns_the_same_job_and_changes_nothing_when_the_ref_id_is_replayed(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    new = new_job(tag="nightly", mailbox="mailbox:g|1")
    first = job_store.accept(new)
    before = dump(ledger_redis)
    fake_clock.advance(5)

    assert job_store.accept(new) == Accepted(first.id, is_new=False)
    assert dump(ledger_redis) == before


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(started, id="started"),
        pytest.param(executed, id="executed"),
        pytest.param(completed, id="completed"),
    ],
)
def test_accept_returns_the_same_job_when_it_is_already(
    job_store: JobStore, make: Callable[..., Job | Claim]
) -> None:
    new = new_job(ref_id="r")
    job_id = make(job_store, ref_id="r").id

    assert job_store.accept(new) == Accepted(job_id, is_new=False)


def test_accept_refuses_and_changes_nothing_when_the_ref_id_comes_with_another_request(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job_store.accept(new_job(ref_id="r", fingerprint="one"))
    before = dump(ledger_redis)

    for _ in range(2):
        with pytest.raises(RefIdConflict) as caught:
            job_store.accept(new_job(ref_id="r", fingerprint="two"))

    assert caught.value.field == "refId"
    assert dump(ledger_redis) == before


def test_accept_makes_a_new_job_when_the_one_of_this_ref_id_has_expired(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    old = accepted(job_store, ref_id="r", fingerprint="one")
    ledger_redis.delete(keys.job(old.id))

    answer = job_store.accept(new_job(ref_id="r", fingerprint="two"))

    assert answer == Accepted(old.id + 1, is_new=True)
    assert job_store.find_id("key1", "r") == answer.id


def test_accept_keeps_the_ref_ids_of_owners_apart(job_store: JobStore) -> None:
    one = job_store.accept(new_job(owner="key1", ref_id="r", fingerprint="one"))
    two = job_store.accept(new_job(owner="key2", ref_id="r", fingerprint="two"))

    assert one.is_new
    assert two.is_new
    assert job_store.find_id("key1", "r") == one.id
    assert job_store.find_id("key2", "r") == two.id
    assert job_store.find_id("key3", "r") is None


def test_accept_refuses_when_the_queue_is_full_over_all_priorities(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    store = JobStore(ledger_redis, new_settings(queue_limit=3), fake_clock)
    for priority in (0, 5, 9):
        accepted(store, priority=priority)
    before = dump(ledger_redis)

    for priority in (0, 5, 9):
        with pytest.raises(QueueFull) as caught:
            store.accept(new_job(priority=priority))

    assert caught.value.retry_after_s == 10
    assert dump(ledger_redis) == before


def test_accept_counts_neither_started_nor_delayed_nor_cancelled_jobs_as_waiting(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    store = JobStore(ledger_redis, new_settings(queue_limit=1), fake_clock)
    started(store)
    deferred = started(store)
    store.defer(deferred.id, deferred.attempt, 60)
    store.cancel(accepted(store))

    assert store.accept(new_job()).is_new
    with pytest.raises(QueueFull):
        store.accept(new_job())


def test_accept_bounds_each_model_by_itself(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    store = JobStore(ledger_redis, new_settings(queue_limit=1), fake_clock)
    accepted(store, model="full")

    assert store.accept(new_job(model="free")).is_new


def test_accept_knows_a_replayed_ref_id_when_the_queue_is_full(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    store = JobStore(ledger_redis, new_settings(queue_limit=1), fake_clock)
    new = new_job()
    job_id = store.accept(new).id

    assert store.accept(new) == Accepted(job_id, is_new=False)
    with pytest.raises(RefIdConflict):
        store.accept(new_job(ref_id=new.ref_id, fingerprint="other"))


# --- names and bytes ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ODD_NAMES)
def test_a_job_goes_all_the_way_when_its_model_is_named_with(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, model: str
) -> None:
    job = accepted(job_store, model=model)
    assert lists.messages(f"chat.{model}", 5)[0]["properties"]["delivery_info"] == {
        "exchange": "",
        "routing_key": f"chat.{model}",
    }

    taken = lists.take_chat(model)
    assert taken == job.id
    claim = job_store.claim(taken, task_names.chat_queue(model), 5, "w")
    assert claim is not None
    assert claim.model == model
    assert job_store.defer(job.id, claim.attempt, 0) is Deferred.DEFERRED
    assert recovery.promote_jobs() == 1
    assert lists.take_chat(model) == job.id
    claim = job_store.claim(job.id, task_names.chat_queue(model), 5, "w")
    assert claim is not None
    assert job_store.execute(job.id, claim.attempt, ANSWER) is Executed.EXECUTED
    assert job_store.complete([job]) == [JobState.COMPLETED]


def test_texts_come_back_as_they_were_given(job_store: JobStore) -> None:
    odd = "'\"%s\\ é 語 💬 | a:b\n"
    new = new_job(owner=odd, ref_id=odd, tag=odd, provider=odd, reply_to=odd)

    job = read(job_store, job_store.accept(new).id)

    assert (job.owner, job.ref_id, job.tag, job.provider, job.reply_to) == (odd,) * 5
    assert job_store.find_id(odd, odd) == job.id


@pytest.mark.parametrize(
    ("result", "field"),
    [
        pytest.param(Result.response(BINARY), "response", id="a response"),
        pytest.param(Result(JobState.FAILED, 500, BINARY), "error", id="an error"),
    ],
)
def test_request_and_result_keep_every_byte_when_it_is(
    job_store: JobStore, result: Result, field: str
) -> None:
    claim = started(job_store, request=BINARY)
    assert claim.request == BINARY

    job_store.execute(claim.id, claim.attempt, result)

    job = read(job_store, claim.id)
    assert job.request == BINARY
    assert getattr(job, field) == BINARY


# --- claim ----------------------------------------------------------------------------------------


def test_claim_starts_the_job_with_a_lease(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    job = accepted(job_store, ref_id="r", request=b"{}", provider="p", timeout_s=60)
    fake_clock.advance(2)

    claim = job_store.claim(job.id, "chat.m", 5, "w1")

    assert claim == Claim(
        id=job.id,
        attempt=1,
        ref_id="r",
        model="m",
        provider="p",
        request=b"{}",
        now_ms=START_MS + 2000,
        deadline_ms=START_MS + 60_000,
        owner="key1",
    )
    after = read(job_store, job.id)
    assert (after.state, after.worker, after.attempt) == (JobState.STARTED, "w1", 1)
    assert after.started_ms == START_MS + 2000
    assert ledger_redis.zscore(keys.LEASES, job.id) == START_MS + 32_000


@pytest.mark.parametrize("priority", PRIORITIES)
def test_claim_takes_the_job_out_of_line_and_clears_a_note_that_it_is_missing(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    priority: int,
) -> None:
    job = accepted(job_store, priority=priority)
    lists.take_chat()
    recovery.repush_jobs()
    assert ledger_redis.zcard(keys.missing("chat.m", priority)) == 1

    job_store.claim(job.id, "chat.m", 5, "w")

    assert ledger_redis.zcard(keys.line("chat.m", priority)) == 0
    assert ledger_redis.zcard(keys.missing("chat.m", priority)) == 0


def test_claim_is_stale_when_repeated(job_store: JobStore, ledger_redis: redis.Redis) -> None:
    claim = started(job_store)
    before = dump(ledger_redis)

    assert job_store.claim(claim.id, "chat.m", 5, "w2") is None
    assert dump(ledger_redis) == before


def delayed(store: JobStore) -> Claim:
    claim = started(store)
    store.defer(claim.id, claim.attempt, 60)
    return claim


def cancelled_job(store: JobStore) -> Job:
    job = accepted(store)
    store.cancel(job)
    return job


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(delayed, id="waiting for its due time"),
        pytest.param(executed, id="executed"),
        pytest.param(completed, id="completed"),
        pytest.param(cancelled_job, id="cancelled"),
    ],
)
def test_claim_is_stale_and_changes_nothing_when_the_job_is(
    job_store: JobStore, ledger_redis: redis.Redis, make: Callable[..., Job | Claim]
) -> None:
    job_id = make(job_store).id
    before = dump(ledger_redis)

    assert job_store.claim(job_id, "chat.m", 5, "w") is None
    assert dump(ledger_redis) == before


def test_claim_is_stale_when_there_is_no_such_job(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    assert job_store.claim(999, "chat.m", 5, "w") is None
    assert dump(ledger_redis) == {}


def test_claim_leaves_an_expired_lease_to_be_reaped(
    job_store: JobStore, fake_clock: FakeClock
) -> None:
    claim = started(job_store)
    fake_clock.advance(3600)

    assert job_store.claim(claim.id, "chat.m", 5, "w2") is None


# --- renew ----------------------------------------------------------------------------------------


def test_renew_prolongs_the_lease_of_each_attempt_that_runs(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    claims = [started(job_store) for _ in range(3)]
    fake_clock.advance(10)

    answers = job_store.renew([(claim.id, claim.attempt) for claim in claims])

    assert answers == [Renewal.RENEWED] * 3
    for claim in claims:
        assert ledger_redis.zscore(keys.LEASES, claim.id) == START_MS + 40_000


def test_renew_tells_each_attempt_its_own_fate(
    job_store: JobStore, recovery: RecoveryStore, fake_clock: FakeClock
) -> None:
    lost = started(job_store)
    reap(job_store, recovery, fake_clock)
    runs, wanted = started(job_store), started(job_store)
    job_store.cancel(read(job_store, wanted.id))

    pairs = [(claim.id, claim.attempt) for claim in (lost, runs, wanted)]
    for _ in range(2):
        answers = job_store.renew([*pairs, (999, 1)])
        assert answers == [Renewal.LOST, Renewal.RENEWED, Renewal.CANCEL, Renewal.LOST]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(delayed, id="deferred"),
        pytest.param(executed, id="executed"),
        pytest.param(completed, id="completed"),
    ],
)
def test_renew_gives_no_lease_when_the_job_is(
    job_store: JobStore, ledger_redis: redis.Redis, make: Callable[..., Job | Claim]
) -> None:
    job_id = make(job_store).id

    assert job_store.renew([(job_id, 1)]) == [Renewal.LOST]
    assert ledger_redis.zcard(keys.LEASES) == 0


def test_renew_is_lost_and_leaves_the_lease_when_another_attempt_runs(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    first = started(job_store)
    reap(job_store, recovery, fake_clock)
    second = job_store.claim(first.id, "chat.m", 5, "w2")
    assert second is not None
    lease = ledger_redis.zscore(keys.LEASES, first.id)
    fake_clock.advance(10)

    assert job_store.renew([(first.id, first.attempt)]) == [Renewal.LOST]
    assert ledger_redis.zscore(keys.LEASES, first.id) == lease


def test_renew_asks_nothing_when_nothing_runs(job_store: JobStore) -> None:
    assert job_store.renew([]) == []


# --- execute --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "outcome", "status", "response", "error"),
    [
        pytest.param(ANSWER, "Completed", 200, ANSWER.body, None, id="a response"),
        pytest.param(
            Result.failure(BAD_GATEWAY),
            "Failed",
            502,
            None,
            Result.failure(BAD_GATEWAY).body,
            id="a failure",
        ),
        pytest.param(
            Result.failure(CANCELLED, cancelled=True),
            "Cancelled",
            499,
            None,
            Result.failure(CANCELLED).body,
            id="a cancelled call",
        ),
    ],
)
def test_execute_stores_the_result_and_hands_it_to_completion(
    job_store: JobStore,
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
    result: Result,
    outcome: str,
    status: int,
    response: bytes | None,
    error: bytes | None,
) -> None:
    claim = started(job_store)
    fake_clock.advance(2)

    assert job_store.execute(claim.id, claim.attempt, result) is Executed.EXECUTED

    job = read(job_store, claim.id)
    assert job.state is JobState.EXECUTED
    assert (job.outcome, job.status) == (outcome, status)
    assert (job.response, job.error) == (response, error)
    assert job.executed_ms == START_MS + 2000
    assert job_store.executed(10) == [claim.id]
    for gone in (keys.LEASES, keys.DEADLINES, keys.DELAYED):
        assert ledger_redis.zcard(gone) == 0


def test_execute_keeps_the_records_of_attempts_in_order(
    job_store: JobStore, recovery: RecoveryStore, fake_clock: FakeClock
) -> None:
    first = Attempt(1, "p1", START_MS, 20, "error", status=503, detail='busy "%s" é')
    second = Attempt(2, "p2", START_MS + 5, 10, "ok", status=200)
    claim = started(job_store)
    job_store.defer(claim.id, 1, 0, first)
    recovery.promote_jobs()
    job_store.claim(claim.id, "chat.m", 5, "w")

    job_store.execute(claim.id, 2, ANSWER, second)

    assert read(job_store, claim.id).attempts == (first, second)


def test_execute_is_done_already_and_changes_nothing_when_the_same_attempt_repeats_it(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    job = executed(job_store)
    before = dump(ledger_redis)
    fake_clock.advance(1)

    for result in (ANSWER, Result.response(b"another answer"), Result.failure(BAD_GATEWAY)):
        assert job_store.execute(job.id, 1, result) is Executed.ALREADY

    assert dump(ledger_redis) == before


def test_execute_is_done_already_when_the_job_is_completed(job_store: JobStore) -> None:
    job = completed(job_store)

    assert job_store.execute(job.id, 1, Result.response(b"late")) is Executed.ALREADY
    assert read(job_store, job.id) == job


def reaped(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    claim = started(store)
    reap(store, recovery, clock)
    return claim.id


def reclaimed(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    job_id = reaped(store, recovery, clock)
    store.claim(job_id, "chat.m", 5, "w2")
    return job_id


def answered_by_another(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    job_id = reclaimed(store, recovery, clock)
    store.execute(job_id, 2, Result.response(b"the answer"))
    return job_id


def completed_by_another(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    job_id = answered_by_another(store, recovery, clock)
    store.complete([read(store, job_id)])
    return job_id


def ended_by_reaper(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    claim = started(store)
    store.cancel(read(store, claim.id))
    reap(store, recovery, clock)
    return claim.id


def deferred_before(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    return delayed(store).id


def cancelled_after_defer(store: JobStore, recovery: RecoveryStore, clock: FakeClock) -> int:
    job_id = delayed(store).id
    store.cancel(read(store, job_id))
    return job_id


LOST_ITS_TURN = [
    pytest.param(reaped, id="was reaped and is queued again"),
    pytest.param(reclaimed, id="runs in another attempt"),
    pytest.param(answered_by_another, id="was answered by another attempt"),
    pytest.param(completed_by_another, id="was answered by another attempt and completed"),
    pytest.param(ended_by_reaper, id="was cancelled by the reaper"),
    pytest.param(cancelled_after_defer, id="was deferred and then cancelled"),
]


@pytest.mark.parametrize("make", [*LOST_ITS_TURN, pytest.param(deferred_before, id="was deferred")])
def test_execute_is_refused_and_changes_nothing_when_the_job(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
    make: Callable[..., int],
) -> None:
    job_id = make(job_store, recovery, fake_clock)
    before = dump(ledger_redis)

    for _ in range(2):
        assert job_store.execute(job_id, 1, Result.response(b"late")) is Executed.REFUSED

    assert dump(ledger_redis) == before


def test_execute_is_refused_when_there_is_no_such_job(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    assert job_store.execute(999, 1, ANSWER) is Executed.REFUSED
    assert dump(ledger_redis) == {}


def test_execute_is_taken_when_the_lease_ran_out_but_nobody_reaped_it(
    job_store: JobStore, fake_clock: FakeClock
) -> None:
    claim = started(job_store)
    fake_clock.advance(3600)

    assert job_store.execute(claim.id, claim.attempt, ANSWER) is Executed.EXECUTED


def test_execute_rings_the_doorbell_once_for_many_jobs(
    job_store: JobStore, lists: MessageLists
) -> None:
    jobs = [executed(job_store) for _ in range(4)]

    assert lists.ids(task_names.COMPLETION_QUEUE) == [jobs[0].id]
    assert lists.messages(task_names.COMPLETION_QUEUE)[0]["headers"]["task"] == task_names.COMPLETE
    assert job_store.executed(3) == [job.id for job in jobs[:3]]


def test_execute_rings_the_doorbell_again_when_all_before_were_completed(
    job_store: JobStore, lists: MessageLists
) -> None:
    first = completed(job_store)
    second = executed(job_store)

    assert lists.ids(task_names.COMPLETION_QUEUE) == [first.id, second.id]


# --- defer ----------------------------------------------------------------------------------------


def test_defer_queues_the_job_for_later(
    job_store: JobStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    claim = started(job_store)
    lists.take_chat()
    record = Attempt(1, "p", START_MS, 5, "error", status=503)

    assert job_store.defer(claim.id, claim.attempt, 1.5, record) is Deferred.DEFERRED

    job = read(job_store, claim.id)
    assert job.state is JobState.QUEUED
    assert job.attempts == (record,)
    assert ledger_redis.zscore(keys.DELAYED, claim.id) == START_MS + 1500
    assert ledger_redis.zcard(keys.LEASES) == 0
    assert ledger_redis.zscore(keys.DEADLINES, claim.id) == job.deadline_ms
    assert lists.chat_ids() == []


def test_defer_keeps_the_first_due_time_when_it_is_repeated(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    claim = delayed(job_store)
    before = dump(ledger_redis)
    fake_clock.advance(5)

    assert job_store.defer(claim.id, claim.attempt, 60) is Deferred.DEFERRED
    assert dump(ledger_redis) == before


def test_defer_says_cancel_and_changes_nothing_when_the_client_asked_for_it(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    claim = started(job_store)
    job_store.cancel(read(job_store, claim.id))
    before = dump(ledger_redis)

    for _ in range(2):
        assert job_store.defer(claim.id, claim.attempt, 1) is Deferred.CANCEL

    assert dump(ledger_redis) == before
    cancelled = Result.failure(CANCELLED, cancelled=True)
    assert job_store.execute(claim.id, claim.attempt, cancelled) is Executed.EXECUTED


@pytest.mark.parametrize("make", LOST_ITS_TURN[1:])
def test_defer_is_refused_and_changes_nothing_when_the_job(
    job_store: JobStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
    make: Callable[..., int],
) -> None:
    job_id = make(job_store, recovery, fake_clock)
    before = dump(ledger_redis)

    for _ in range(2):
        assert job_store.defer(job_id, 1, 1) is Deferred.REFUSED

    assert dump(ledger_redis) == before


def test_defer_does_not_delay_a_job_that_was_reaped(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    job_id = reaped(job_store, recovery, fake_clock)
    before = dump(ledger_redis)

    assert job_store.defer(job_id, 1, 3600) is Deferred.DEFERRED
    assert dump(ledger_redis) == before


def test_defer_is_refused_when_there_is_no_such_job(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    assert job_store.defer(999, 1, 1) is Deferred.REFUSED
    assert dump(ledger_redis) == {}


# --- cancel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(accepted, id="in line"),
        pytest.param(delayed, id="waiting for its due time"),
    ],
)
def test_cancel_ends_the_job_through_completion_when_it_is(
    job_store: JobStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    make: Callable[..., Job | Claim],
) -> None:
    job = read(job_store, make(job_store).id)

    assert job_store.cancel(job) is Cancelled.CANCELLED

    after = read(job_store, job.id)
    assert (after.state, after.outcome, after.status) == (JobState.EXECUTED, "Cancelled", 499)
    assert after.error == Result.failure(CANCELLED).body
    assert lists.ids(task_names.COMPLETION_QUEUE) == [job.id]
    for empty in (keys.line("chat.m", 5), keys.DELAYED, keys.DEADLINES):
        assert ledger_redis.zcard(empty) == 0
    assert job_store.complete([after]) == [JobState.CANCELLED]


def test_cancel_clears_the_note_that_the_message_is_missing(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    job = accepted(job_store)
    lists.take_chat()
    recovery.repush_jobs()

    job_store.cancel(job)

    assert ledger_redis.zcard(keys.missing("chat.m", 5)) == 0


def test_cancel_asks_the_worker_to_abort_when_the_job_runs(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    claim = started(job_store, worker="host-7")
    job = read(job_store, claim.id)
    with ledger_redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(keys.abort_channel("host-7"))
        channel.get_message(timeout=60)

        for _ in range(2):
            assert job_store.cancel(job) is Cancelled.ABORTING
            message = channel.get_message(timeout=60)
            assert message is not None
            assert message["data"] == b"%d" % job.id

    after = read(job_store, claim.id)
    assert (after.state, after.cancel) == (JobState.STARTED, "1")


def test_cancel_comes_too_late_when_the_attempt_answers_after_it(job_store: JobStore) -> None:
    claim = started(job_store)
    job_store.cancel(read(job_store, claim.id))

    assert job_store.execute(claim.id, claim.attempt, ANSWER) is Executed.EXECUTED
    assert read(job_store, claim.id).outcome == "Completed"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(executed, id="executed"),
        pytest.param(completed, id="completed"),
        pytest.param(cancelled_job, id="cancelled"),
    ],
)
def test_cancel_changes_nothing_when_the_job_is_already(
    job_store: JobStore, ledger_redis: redis.Redis, make: Callable[..., Job]
) -> None:
    job = make(job_store)
    before = dump(ledger_redis)

    for _ in range(2):
        assert job_store.cancel(job) is Cancelled.ENDED

    assert dump(ledger_redis) == before


# --- waiting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "state"),
    [
        pytest.param(accepted, JobState.QUEUED, id="queued"),
        pytest.param(started, JobState.STARTED, id="started"),
        pytest.param(executed, JobState.EXECUTED, id="executed"),
    ],
)
def test_watch_leaves_a_mailbox_when_the_job_is(
    job_store: JobStore,
    ledger_redis: redis.Redis,
    make: Callable[..., Job | Claim],
    state: JobState,
) -> None:
    job_id = make(job_store).id

    assert job_store.watch(job_id, "mailbox:g|1") is state
    assert ledger_redis.hget(keys.job(job_id), "watchers") == b"mailbox:g|1 "


def test_watch_leaves_nothing_when_the_job_has_ended(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = completed(job_store)

    assert job_store.watch(job.id, "mailbox:g|1") is JobState.COMPLETED
    assert ledger_redis.hget(keys.job(job.id), "watchers") is None


def test_watch_finds_nothing_when_there_is_no_such_job(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    assert job_store.watch(999, "mailbox:g|1") is None
    assert dump(ledger_redis) == {}


def test_watch_keeps_the_newest_mailboxes_when_there_are_too_many(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = accepted(job_store)
    for number in range(500):
        job_store.watch(job.id, f"mailbox:g|{number:06}")

    kept = ledger_redis.hget(keys.job(job.id), "watchers")
    assert kept is not None
    assert len(kept) == 4096
    assert kept.startswith(b"mailbox:g|000499 mailbox:g|000498 ")


def test_execute_tells_every_mailbox_and_complete_those_that_watch(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    claim = started(job_store, mailbox="mailbox:one|1")
    job_store.watch(claim.id, "mailbox:two|2")
    with ledger_redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("mailbox:one", "mailbox:two")
        channel.get_message(timeout=60)
        channel.get_message(timeout=60)

        job_store.execute(claim.id, claim.attempt, ANSWER)
        assert heard(channel, 2) == {(b"mailbox:one", b"1"), (b"mailbox:two", b"2")}
        job_store.complete([read(job_store, claim.id)])
        assert heard(channel, 1) == {(b"mailbox:two", b"2")}
        assert channel.get_message(timeout=0) is None

    assert ledger_redis.hget(keys.job(claim.id), "watchers") is None


def heard(channel: Any, count: int) -> set[tuple[bytes, bytes]]:
    messages = [channel.get_message(timeout=60) for _ in range(count)]
    return {(message["channel"], message["data"]) for message in messages if message}


# --- completion -----------------------------------------------------------------------------------


def test_gather_lets_one_complete_until_its_lease_expires(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = executed(job_store)
    assert job_store.completion.gather("a", 10, 7).ids == [job.id]
    assert job_store.completion.gather("b", 10, 7).ids == []
    assert ledger_redis.get(keys.COMPLETION_LEASE) == b"a"

    ledger_redis.pexpire(keys.COMPLETION_LEASE, 0)

    assert job_store.completion.gather("b", 10, 7).ids == [job.id]


def test_gather_renews_the_lease_of_its_holder(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    executed(job_store)
    job_store.completion.gather("a", 10, 7)
    assert 0 < ledger_redis.pttl(keys.COMPLETION_LEASE) <= 10_000

    assert job_store.completion.gather("a", 60, 7).ids
    assert 10_000 < ledger_redis.pttl(keys.COMPLETION_LEASE) <= 60_000


def test_gather_returns_the_oldest_and_who_has_subscriptions(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    jobs = [executed(job_store) for _ in range(4)]
    ledger_redis.sadd(keys.SUBSCRIBERS, "owner", "other")

    gathered = job_store.completion.gather("a", 10, 3)

    assert gathered.ids == [job.id for job in jobs[:3]]
    assert gathered.subscribers == {"owner", "other"}


def test_gather_gives_the_lease_back_when_all_is_done(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = executed(job_store)
    job_store.completion.gather("a", 10, 7)
    job_store.complete([job])

    for _ in range(2):
        assert job_store.completion.gather("a", 10, 7).ids == []

    assert ledger_redis.get(keys.COMPLETION_LEASE) is None


def test_gather_keeps_the_lease_when_a_job_came_in_the_meantime(
    job_store: JobStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    first = executed(job_store)
    lists.take(task_names.COMPLETION_QUEUE)
    job_store.completion.gather("a", 10, 7)
    job_store.complete([first])
    late = executed(job_store)
    # Its bell is answered by somebody who finds the door kept, and goes.
    assert lists.take(task_names.COMPLETION_QUEUE) == late.id
    assert job_store.completion.gather("b", 10, 7).ids == []

    for _ in range(2):
        assert job_store.completion.gather("a", 10, 7).ids == [late.id]

    assert ledger_redis.get(keys.COMPLETION_LEASE) == b"a"


def test_gather_leaves_the_lease_of_somebody_else(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job = executed(job_store)
    job_store.completion.gather("b", 10, 7)
    job_store.complete([job])

    assert job_store.completion.gather("a", 10, 7).ids == []
    assert ledger_redis.get(keys.COMPLETION_LEASE) == b"b"


@pytest.mark.parametrize(
    ("result", "state"),
    [
        pytest.param(ANSWER, JobState.COMPLETED, id="answered"),
        pytest.param(Result.failure(BAD_GATEWAY), JobState.FAILED, id="not answered"),
        pytest.param(Result.failure(CANCELLED, cancelled=True), JobState.CANCELLED, id="cancelled"),
    ],
)
def test_complete_makes_the_job_final_when_it_was(
    job_store: JobStore, fake_clock: FakeClock, result: Result, state: JobState
) -> None:
    job = executed(job_store, result)
    fake_clock.advance(1)

    assert job_store.complete([job]) == [state]

    after = read(job_store, job.id)
    assert (after.state, after.completed_ms) == (state, START_MS + 1000)
    assert after.response == job.response
    assert after.error == job.error
    assert job_store.executed(10) == []


def test_complete_does_nothing_when_it_is_repeated(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    jobs = [executed(job_store), executed(job_store, reply_to="https://example.com")]
    job_store.complete(jobs)
    before = dump(ledger_redis)
    fake_clock.advance(1)

    assert job_store.complete(jobs) == [None, None]
    assert dump(ledger_redis) == before


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(accepted, id="queued"),
        pytest.param(started, id="started"),
        pytest.param(delayed, id="delayed"),
    ],
)
def test_complete_does_nothing_when_the_job_is(
    job_store: JobStore, ledger_redis: redis.Redis, make: Callable[..., Job | Claim]
) -> None:
    job = read(job_store, make(job_store).id)
    before = dump(ledger_redis)

    assert job_store.complete([job]) == [None]
    assert dump(ledger_redis) == before


def test_complete_takes_each_job_by_itself_when_some_are_gone(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    jobs = [executed(job_store) for _ in range(3)]
    ledger_redis.delete(keys.job(jobs[1].id))

    assert job_store.complete(jobs) == [JobState.COMPLETED, None, JobState.COMPLETED]
    assert job_store.executed(10) == []


def test_drop_executed_takes_only_the_named_ids_off_the_list(
    job_store: JobStore,
) -> None:
    jobs = [executed(job_store) for _ in range(3)]

    job_store.completion.drop_executed([])
    for _ in range(2):
        job_store.completion.drop_executed([jobs[0].id, jobs[2].id])

    assert job_store.executed(10) == [jobs[1].id]


def test_complete_lets_the_job_and_its_ref_id_expire_when_nobody_is_called_back(
    job_store: JobStore, ledger_redis: redis.Redis, settings: Settings
) -> None:
    new = new_job()
    job_id = job_store.accept(new).id
    claim = job_store.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    job_store.execute(job_id, claim.attempt, ANSWER)
    both = (keys.job(job_id), keys.ref(new.owner, new.ref_id))
    assert [ledger_redis.pttl(key) for key in both] == [-1, -1]

    job_store.complete([read(job_store, job_id)])
    assert [ledger_redis.pttl(key) for key in both] == [-1, -1]
    Unstored(ledger_redis, settings).note_stored([read(job_store, job_id)])

    for key in both:
        assert 0 < ledger_redis.pttl(key) <= settings.result_ttl_s * 1000
    assert ledger_redis.exists(keys.delivery(job_id)) == 0


def test_complete_makes_a_delivery_and_keeps_the_job_when_somebody_is_called_back(
    job_store: JobStore, ledger_redis: redis.Redis, lists: MessageLists
) -> None:
    job = completed(job_store, reply_to="https://example.com/cb")

    for key in (keys.job(job.id), keys.ref(job.owner, job.ref_id), keys.delivery(job.id)):
        assert ledger_redis.pttl(key) == -1
    assert ledger_redis.hgetall(keys.delivery(job.id)) == {
        b"id": b"%d" % job.id,
        b"state": b"Pending",
        b"url": b"https://example.com/cb",
        b"attempt": b"0",
        b"tries": b"0",
        b"trigger": b"schedule",
        b"due_ms": b"%d" % START_MS,
        b"created_ms": b"%d" % START_MS,
        b"index": keys.deliveries_of(job.owner).encode(),
        b"listed": b"Pending",
    }
    assert lists.ids(task_names.CALLBACKS_QUEUE) == [job.id]
    assert lists.messages(task_names.CALLBACKS_QUEUE)[0]["headers"]["task"] == task_names.DELIVER
    line = ledger_redis.zrange(keys.line(task_names.CALLBACKS_QUEUE, 0), 0, -1)
    assert line == [b"%d" % job.id]


# --- reading --------------------------------------------------------------------------------------


def test_get_returns_nothing_when_there_is_no_such_job(job_store: JobStore) -> None:
    assert job_store.get(999) is None


def test_summaries_read_all_but_contents_and_attempts(job_store: JobStore) -> None:
    first = completed(job_store, tag="t", reply_to="https://example.com")
    second = accepted(job_store)

    one, gone, two = job_store.summaries([first.id, 999, second.id])

    assert gone is None
    assert one is not None
    assert two is not None
    assert (one.state, one.tag, one.reply_to) == (JobState.COMPLETED, "t", "https://example.com")
    assert (one.request, one.response, one.attempts) == (b"", None, ())
    assert two.state is JobState.QUEUED
    assert job_store.summaries([]) == []


# --- the ledger as a whole ------------------------------------------------------------------------


def test_moves_use_the_clock_of_redis_when_none_is_given(
    ledger_redis: redis.Redis, settings: Settings
) -> None:
    store = JobStore(ledger_redis, settings)
    seconds, _ = ledger_redis.time()

    job = accepted(store, timeout_s=60)

    assert seconds * 1000 <= job.created_ms <= seconds * 1000 + 60_000
    assert job.deadline_ms == job.created_ms + 60_000


def test_scripts_are_sent_again_when_redis_forgot_them(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    claims = [started(job_store) for _ in range(2)]
    ledger_redis.script_flush()

    assert job_store.renew([(claim.id, 1) for claim in claims]) == [Renewal.RENEWED] * 2
    ledger_redis.script_flush()
    assert job_store.execute(claims[0].id, 1, ANSWER) is Executed.EXECUTED


@pytest.fixture
def full_redis(real_redis: redis.Redis) -> Any:
    """Return a function that leaves no memory in the real Redis, for the time of the test."""
    yield lambda: real_redis.config_set("maxmemory", 1)
    real_redis.config_set("maxmemory", 0)


@pytest.mark.integration
def test_no_move_is_done_by_half_when_redis_is_out_of_memory(
    real_redis: redis.Redis, full_redis: Callable[[], None], settings: Settings
) -> None:
    clock = FakeClock()
    store = JobStore(real_redis, settings, clock)
    recovery = RecoveryStore(real_redis, settings, clock)
    queued, runs, late = accepted(store), started(store), started(store)
    store.defer(late.id, 1, 0)
    ended = executed(store, reply_to="https://example.com")
    before = dump(real_redis)
    full_redis()

    moves: dict[str, Callable[[], object]] = {
        "accept": lambda: store.accept(new_job()),
        "execute": lambda: store.execute(runs.id, 1, ANSWER),
        "claim": lambda: store.claim(queued.id, "chat.m", 5, "w"),
        "complete": lambda: store.complete([ended]),
        "promote": recovery.promote_jobs,
    }
    for name, move in moves.items():
        try:
            move()
        except redis.ResponseError:  # Redis 7 says OutOfMemoryError, 6.2 only this
            assert dump(real_redis) == before, name
        before = dump(real_redis)

    assert_each_job_is_in_one_place(store, real_redis)


def assert_each_job_is_in_one_place(store: JobStore, client: redis.Redis) -> None:
    places = (keys.line("chat.m", 5), keys.LEASES, keys.DELAYED, keys.EXECUTED)
    for job_id in range(1, int(client.get(keys.JOB_ID) or 0) + 1):
        found = [place for place in places if client.zscore(place, job_id) is not None]
        assert len(found) == (0 if read(store, job_id).state.is_final else 1), job_id


@pytest.mark.integration
def test_ping_fails_when_the_ledger_takes_no_writes(
    real_redis: redis.Redis, full_redis: Callable[[], None], settings: Settings
) -> None:
    store = JobStore(real_redis, settings)
    store.ping()
    full_redis()

    with pytest.raises(redis.RedisError):
        store.ping()


def test_ping_changes_nothing_that_anybody_reads(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    first = accepted(job_store)

    job_store.ping()

    assert accepted(job_store).id == first.id + 1


def test_claim_is_the_same_when_its_call_comes_twice(
    job_store: JobStore, ledger_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's library repeats a call whose answer got lost."""
    job = accepted(job_store)
    run = ScriptRunner.run

    def twice(runner: ScriptRunner, call: Call) -> Any:
        assert run(runner, call)
        return run(runner, call)

    monkeypatch.setattr(ScriptRunner, "run", twice)
    claim = job_store.claim(job.id, "chat.m", 5, "w")
    assert claim is not None
    assert claim.attempt == 1
    monkeypatch.undo()
    assert job_store.claim(job.id, "chat.m", 5, "w") is None


def test_keys_of_two_names_never_meet() -> None:
    assert keys.ref("a:b", "c") != keys.ref("a", "b:c")
    assert keys.response("a:b", "c") != keys.response("a", "b:c")
    assert keys.waiting_of("chat.a", 0, "b") != keys.waiting("chat.a:b", 0)
