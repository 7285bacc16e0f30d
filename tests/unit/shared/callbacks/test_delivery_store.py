"""The ledger's deliveries: claims by lease, fenced attempts, the log, and how long they live."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.callbacks.delivery import (
    Delivery,
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    NextStep,
    Replay,
)
from shared.callbacks.delivery_store import DeliveryStore
from shared.history.unstored import Unstored
from shared.jobs.job import Job
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import START_MS, FakeClock, MessageLists, dump, new_job, new_settings

URL = "https://example.com/cb?a='1'&b=%20é"
DELIVERED = NextStep(DeliveryState.DELIVERED, "200")
LATER = NextStep(DeliveryState.PENDING, "503 Service Unavailable", 5)


def delivering(store: JobStore, lists: MessageLists, **overrides: Any) -> Job:
    """Bring a job as far as its delivery, and take the message off the list."""
    job_id = store.accept(new_job(reply_to=URL, **overrides)).id
    claim = store.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    store.execute(job_id, claim.attempt, Result.response(b"{}"))
    store.complete([read(store, job_id)])
    assert lists.take(task_names.CALLBACKS_QUEUE) == job_id
    return read(store, job_id)


def read(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def row(number: int, **overrides: Any) -> DeliveryAttempt:
    values: dict[str, Any] = {
        "number": number,
        "trigger": "first",
        "started_ms": START_MS,
        "duration_ms": 12,
        "body_sha256": "ab" * 32,
    }
    return DeliveryAttempt(**{**values, **overrides})


def claimed(store: DeliveryStore, job: Job) -> DeliveryClaim:
    claim = store.claim(job.id)
    assert claim is not None
    return claim


def test_get_returns_a_fresh_delivery(
    job_store: JobStore, delivery_store: DeliveryStore, lists: MessageLists
) -> None:
    job = delivering(job_store, lists)

    assert delivery_store.get(job.id) == Delivery(
        id=job.id,
        state=DeliveryState.PENDING,
        url=URL,
        attempt=0,
        tries=0,
        reason="",
        created_ms=START_MS,
        due_ms=START_MS,
    )


def test_finish_that_failed_in_its_middle_may_come_again(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)
    claim = claimed(delivery_store, job)
    ledger_redis.set(keys.delivery_log(job.id), "no list: what comes after fails")
    with pytest.raises(redis.ResponseError):
        delivery_store.finish(job, claim, row(1), LATER)
    ledger_redis.delete(keys.delivery_log(job.id))

    assert delivery_store.finish(job, claim, row(1), LATER)
    assert ledger_redis.zscore(keys.DELIVERIES_DELAYED, job.id)
    assert ledger_redis.zscore(keys.DELIVERIES_LEASES, job.id) is None


def test_get_returns_nothing_when_the_job_has_no_delivery(delivery_store: DeliveryStore) -> None:
    assert delivery_store.get(999) is None


# --- claim ----------------------------------------------------------------------------------------


def test_claim_gives_one_attempt_with_a_lease(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)

    claim = delivery_store.claim(job.id)

    assert claim == DeliveryClaim(
        job.id,
        attempt=1,
        tries=0,
        url=URL,
        now_ms=START_MS,
        scheduled_ms=START_MS,
        index="deliveries:of:key1",
    )
    assert ledger_redis.zscore(keys.DELIVERIES_LEASES, job.id) == START_MS + 10_000
    assert ledger_redis.zcard(keys.line(task_names.CALLBACKS_QUEUE, 0)) == 0


def test_claim_clears_the_note_that_the_message_is_missing(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)
    recovery.repush_deliveries()
    missing = keys.missing(task_names.CALLBACKS_QUEUE, 0)
    assert ledger_redis.zcard(missing) == 1

    delivery_store.claim(job.id)

    assert ledger_redis.zcard(missing) == 0


def leased(store: DeliveryStore, job: Job) -> None:
    claimed(store, job)


def delayed(store: DeliveryStore, job: Job) -> None:
    store.finish(job, claimed(store, job), row(1), LATER)


def ended(state: DeliveryState) -> Callable[[DeliveryStore, Job], None]:
    def end(store: DeliveryStore, job: Job) -> None:
        store.finish(job, claimed(store, job), row(1), NextStep(state, "over"))

    return end


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(leased, id="claimed"),
        pytest.param(delayed, id="waiting for its due time"),
        pytest.param(ended(DeliveryState.DELIVERED), id="delivered"),
        pytest.param(ended(DeliveryState.STOPPED), id="stopped"),
        pytest.param(ended(DeliveryState.EXHAUSTED), id="exhausted"),
    ],
)
def test_claim_is_stale_and_changes_nothing_when_the_delivery_is(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    make: Callable[[DeliveryStore, Job], None],
) -> None:
    job = delivering(job_store, lists)
    make(delivery_store, job)
    before = dump(ledger_redis)

    for _ in range(2):
        assert delivery_store.claim(job.id) is None

    assert dump(ledger_redis) == before


def test_claim_is_stale_when_there_is_no_such_delivery(
    delivery_store: DeliveryStore, ledger_redis: redis.Redis
) -> None:
    assert delivery_store.claim(999) is None
    assert dump(ledger_redis) == {}


# --- finish ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "notified_ms"),
    [
        pytest.param(DeliveryState.DELIVERED, START_MS + 2000, id="delivered"),
        pytest.param(DeliveryState.STOPPED, 0, id="stopped by the receiver"),
        pytest.param(DeliveryState.EXHAUSTED, 0, id="exhausted"),
    ],
)
def test_finish_ends_the_delivery_and_lets_all_of_it_expire_when_it_is(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    settings: Settings,
    lists: MessageLists,
    fake_clock: FakeClock,
    state: DeliveryState,
    notified_ms: int,
) -> None:
    job = delivering(job_store, lists)
    Unstored(ledger_redis, settings).note_stored([job])
    of_job = (keys.job(job.id), keys.ref(job.owner, job.ref_id), keys.delivery(job.id))
    assert [ledger_redis.pttl(key) for key in of_job] == [-1, -1, -1]
    claim = claimed(delivery_store, job)
    fake_clock.advance(2)

    assert delivery_store.finish(job, claim, row(1), NextStep(state, "the reason"))

    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert (delivery.state, delivery.reason, delivery.tries) == (state, "the reason", 1)
    assert read(job_store, job.id).notified_ms == notified_ms
    for key in (*of_job, keys.delivery_log(job.id)):
        assert 0 < ledger_redis.pttl(key) <= settings.result_ttl_s * 1000
    for empty in (keys.DELIVERIES_LEASES, keys.DELIVERIES_DELAYED):
        assert ledger_redis.zcard(empty) == 0


def test_finish_waits_for_the_next_attempt_when_it_is_pending(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)

    assert delivery_store.finish(job, claimed(delivery_store, job), row(1), LATER)

    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert (delivery.state, delivery.reason) == (DeliveryState.PENDING, LATER.reason)
    assert ledger_redis.zscore(keys.DELIVERIES_DELAYED, job.id) == START_MS + 5000
    assert ledger_redis.zcard(keys.DELIVERIES_LEASES) == 0
    of_job = (keys.job(job.id), keys.ref(job.owner, job.ref_id), keys.delivery(job.id))
    assert [ledger_redis.pttl(key) for key in of_job] == [-1, -1, -1]
    assert ledger_redis.pttl(keys.delivery_log(job.id)) == -1


@pytest.mark.parametrize("step", [LATER, DELIVERED], ids=lambda step: str(step.state))
def test_finish_does_nothing_when_it_is_repeated(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
    step: NextStep,
) -> None:
    job = delivering(job_store, lists)
    claim = claimed(delivery_store, job)
    assert delivery_store.finish(job, claim, row(1), step)
    before = dump(ledger_redis)
    fake_clock.advance(1)

    assert not delivery_store.finish(job, claim, row(1), step)
    assert dump(ledger_redis) == before


def test_finish_is_refused_when_the_attempt_was_given_to_another_worker(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = delivering(job_store, lists)
    slow = claimed(delivery_store, job)
    fake_clock.advance(10)
    recovery.return_deliveries()
    returned = dump(ledger_redis)
    assert not delivery_store.finish(job, slow, row(1), DELIVERED)
    assert dump(ledger_redis) == returned
    fast = claimed(delivery_store, job)
    before = dump(ledger_redis)

    assert not delivery_store.finish(job, slow, row(1), DELIVERED)

    assert dump(ledger_redis) == before
    assert fast.attempt == 2
    assert delivery_store.finish(job, fast, row(2), DELIVERED)


def test_finish_is_taken_when_the_lease_ran_out_but_nobody_returned_it(
    job_store: JobStore, delivery_store: DeliveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job = delivering(job_store, lists)
    claim = claimed(delivery_store, job)
    fake_clock.advance(3600)

    assert delivery_store.finish(job, claim, row(1), DELIVERED)


def test_finish_is_refused_when_there_is_no_such_delivery(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)
    claim = claimed(delivery_store, job)
    ledger_redis.flushall()

    assert not delivery_store.finish(job, claim, row(1), DELIVERED)
    assert dump(ledger_redis) == {}


def test_finish_keeps_every_attempt_as_it_was_recorded(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = delivering(job_store, lists)
    first = row(1, status=503, response_head='busy é "%s" \'\n', next_attempt_in_s=5.25)
    second = row(
        2,
        trigger="schedule",
        scheduled_ms=START_MS + 5000,
        ip="203.0.113.7",
        error="refused",
        detail="connection refused",
        retry_after_s=7.5,
        key_ids=("k1", "k2"),
    )
    delivery_store.finish(job, claimed(delivery_store, job), first, LATER)
    fake_clock.advance(5)
    recovery.return_deliveries()
    again = claimed(delivery_store, job)
    assert (again.attempt, again.tries, again.scheduled_ms) == (2, 1, START_MS + 5000)
    delivery_store.finish(job, again, second, DELIVERED)

    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert delivery.log == (first, second)
    assert (delivery.attempt, delivery.tries) == (2, 2)


def test_finish_counts_only_recorded_attempts_when_a_worker_died_in_between(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    job = delivering(job_store, lists)
    claimed(delivery_store, job)
    fake_clock.advance(10)
    recovery.return_deliveries()

    again = claimed(delivery_store, job)

    assert (again.attempt, again.tries) == (2, 0)


def test_finish_keeps_the_newest_hundred_attempts(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)
    at_once = NextStep(DeliveryState.PENDING, "503", 0)
    for number in range(1, 106):
        delivery_store.finish(job, claimed(delivery_store, job), row(number), at_once)
        recovery.return_deliveries()

    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert [attempt.number for attempt in delivery.log] == list(range(6, 106))
    assert delivery.tries == 105


def test_get_reads_a_log_of_an_older_and_of_a_newer_version(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)
    old = {
        "number": 1,
        "trigger": "schedule",
        "started_ms": 5,
        "duration_ms": 6,
        "body_sha256": "ab",
        "status": None,
        "error": "ConnectTimeout",
        "response_head": "",
        "next_attempt_in_s": 30.0,
    }
    log = keys.delivery_log(job.id)
    ledger_redis.rpush(log, json.dumps(old), json.dumps({**old, "number": 2, "weather": "fine"}))
    ledger_redis.hdel(keys.delivery(job.id), "trigger", "due_ms")

    delivery = delivery_store.get(job.id)

    assert delivery is not None
    first, second = delivery.log
    assert (first.error, first.detail, first.scheduled_ms, first.key_ids) == (
        "ConnectTimeout",
        "",
        0,
        (),
    )
    assert second.number == 2
    assert claimed(delivery_store, job).trigger == "schedule"


# --- replay ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(delayed, id="waiting for its due time"),
        pytest.param(ended(DeliveryState.DELIVERED), id="delivered"),
        pytest.param(ended(DeliveryState.STOPPED), id="stopped"),
        pytest.param(ended(DeliveryState.EXHAUSTED), id="exhausted"),
    ],
)
def test_replay_begins_anew_with_the_whole_schedule_when_the_delivery_is(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
    make: Callable[[DeliveryStore, Job], None],
) -> None:
    job = delivering(job_store, lists)
    make(delivery_store, job)
    fake_clock.advance(3)

    assert delivery_store.replay(job) is Replay.QUEUED

    of_job = (keys.job(job.id), keys.ref(job.owner, job.ref_id), keys.delivery(job.id))
    assert [ledger_redis.pttl(key) for key in of_job] == [-1, -1, -1]
    assert ledger_redis.zcard(keys.DELIVERIES_DELAYED) == 0
    assert lists.ids(task_names.CALLBACKS_QUEUE) == [job.id]
    again = claimed(delivery_store, job)
    assert (again.attempt, again.tries, again.trigger) == (2, 0, "replay")
    assert again.scheduled_ms == START_MS + 3000
    delivery_store.finish(job, again, row(2), DELIVERED)
    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert (delivery.state, delivery.tries, len(delivery.log)) == (DeliveryState.DELIVERED, 1, 2)


def test_replay_pushes_no_second_message_when_one_waits(
    job_store: JobStore, delivery_store: DeliveryStore, lists: MessageLists
) -> None:
    job = delivering(job_store, lists)
    delivery_store.finish(job, claimed(delivery_store, job), row(1), DELIVERED)

    assert [delivery_store.replay(job) for _ in range(3)] == [Replay.QUEUED] * 3

    assert lists.ids(task_names.CALLBACKS_QUEUE) == [job.id]


def test_replay_changes_nothing_when_an_attempt_runs(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
) -> None:
    job = delivering(job_store, lists)
    claim = claimed(delivery_store, job)
    before = dump(ledger_redis)

    assert delivery_store.replay(job) is Replay.IN_FLIGHT

    assert dump(ledger_redis) == before
    assert delivery_store.finish(job, claim, row(1), DELIVERED)


@pytest.mark.parametrize("gone", ["job", "delivery"])
def test_replay_changes_nothing_when_there_is_nothing_left_of(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    gone: str,
) -> None:
    job = delivering(job_store, lists)
    delivery_store.finish(job, claimed(delivery_store, job), row(1), DELIVERED)
    ledger_redis.delete(getattr(keys, gone)(job.id))
    before = dump(ledger_redis)

    assert delivery_store.replay(job) is Replay.UNKNOWN

    assert dump(ledger_redis) == before


# --- cancel ---------------------------------------------------------------------------------------


def untouched(store: DeliveryStore, job: Job) -> None:
    """Leave it with its first message, which was taken off the list."""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(untouched, id="in line"),
        pytest.param(delayed, id="waiting for its due time"),
    ],
)
def test_cancel_ends_the_delivery_when_it_is(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    fake_clock: FakeClock,
    make: Callable[[DeliveryStore, Job], None],
) -> None:
    job = delivering(job_store, lists)
    Unstored(ledger_redis, new_settings()).note_stored([job])
    make(delivery_store, job)

    assert delivery_store.cancel(job)
    assert not delivery_store.cancel(job)

    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert (delivery.state, delivery.ended_ms) == (DeliveryState.CANCELLED, START_MS)
    assert ledger_redis.pttl(keys.job(job.id)) > 0
    fake_clock.advance(60)
    assert recovery.return_deliveries() == recovery.repush_deliveries() == 0
    assert delivery_store.claim(job.id) is None


@pytest.mark.parametrize(
    ("step", "state"),
    [
        pytest.param(LATER, DeliveryState.CANCELLED, id="failed"),
        pytest.param(DELIVERED, DeliveryState.DELIVERED, id="was taken"),
    ],
)
def test_cancel_lets_the_attempt_that_runs_tell_what_came_of_it_when_it(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    lists: MessageLists,
    step: NextStep,
    state: DeliveryState,
) -> None:
    job = delivering(job_store, lists)
    claim = claimed(delivery_store, job)

    assert delivery_store.cancel(job)
    assert delivery_store.finish(job, claim, row(1), step)

    delivery = delivery_store.get(job.id)
    assert delivery is not None
    assert (delivery.state, len(delivery.log)) == (state, 1)
    assert ledger_redis.zcard(keys.DELIVERIES_DELAYED) == 0
    assert ledger_redis.pttl(keys.delivery_log(job.id)) > 0


def test_cancelled_delivery_can_be_replayed(
    job_store: JobStore, delivery_store: DeliveryStore, lists: MessageLists
) -> None:
    job = delivering(job_store, lists)
    assert delivery_store.cancel(job)

    assert delivery_store.replay(job) is Replay.QUEUED

    assert claimed(delivery_store, job).attempt == 1
