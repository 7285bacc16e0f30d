"""Limits in the ledger: what fits, what does not, what is taken, charged and given back."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
import redis

from shared.api_keys.limits import Allowance, Charge, Limits, Taken
from shared.api_keys.store import KeyStore
from shared.errors import (
    InsufficientQuota,
    RateLimitExceeded,
    RefIdConflict,
    TokenRateExceeded,
    TooManyJobs,
    TooManyQueued,
)
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Job
from shared.jobs.moves import Result, Retried
from shared.ledger.job_store import JobStore
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, dump, new_job

KEY = "key_7"
ANSWER = Result.response(b"{}")


@pytest.fixture
def key_store(ledger_redis: redis.Redis, fake_clock: FakeClock) -> KeyStore:
    return KeyStore(ledger_redis, fake_clock)


def accept(store: JobStore, tokens: int = 0, **limits_and_job: Any) -> int:
    """Accept a job of the key; names of limits are its limits, the others are of the job."""
    own = {n: limits_and_job.pop(n) for n in Limits.__dataclass_fields__ if n in limits_and_job}
    allowance = Allowance(KEY, Limits(**own), tokens)
    return store.accept(new_job(allowance=allowance, **limits_and_job)).id


def job_of(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def start(store: JobStore, job_id: int) -> int:
    claim = store.claim(job_id, "chat.m", 5, "w1")
    assert claim is not None
    return claim.attempt


def finish(store: JobStore, job_id: int, charge: Charge | None = None) -> None:
    store.execute(job_id, start(store, job_id), ANSWER)
    complete(store, job_id, charge)


def complete(store: JobStore, job_id: int, charge: Charge | None = None) -> None:
    store.complete([job_of(store, job_id)], {job_id: charge} if charge else None)


def live(client: redis.Redis) -> dict[int, float]:
    return {int(i): score for i, score in client.zrange(keys.live(KEY), 0, -1, withscores=True)}


# --- requests a minute ----------------------------------------------------------------------------


def test_accept_refuses_one_more_than_requests_a_minute_and_says_when_there_is_room(
    job_store: JobStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    accept(job_store, requests_per_minute=2)
    fake_clock.advance(20)
    accept(job_store, requests_per_minute=2)
    before = dump(ledger_redis)

    with pytest.raises(RateLimitExceeded) as refused:
        accept(job_store, requests_per_minute=2)

    assert refused.value.retry_after_s == 40
    assert dump(ledger_redis) == before


def test_accept_never_takes_more_than_requests_a_minute_in_any_minute(
    job_store: JobStore, fake_clock: FakeClock
) -> None:
    dice, taken = random.Random(7), []
    for _ in range(300):
        fake_clock.advance(dice.random() * 6)
        with suppress(RateLimitExceeded):
            accept(job_store, requests_per_minute=5)
            taken.append(fake_clock())
    assert 20 < len(taken) < 200
    for i, moment in enumerate(taken):
        assert sum(moment - 60_000 < other <= moment for other in taken[: i + 1]) <= 5


def test_accept_has_room_again_when_it_said_so(job_store: JobStore, fake_clock: FakeClock) -> None:
    accept(job_store, requests_per_minute=1)
    with pytest.raises(RateLimitExceeded) as refused:
        accept(job_store, requests_per_minute=1)
    fake_clock.advance(refused.value.retry_after_s or 0)
    accept(job_store, requests_per_minute=1)


def test_accept_takes_nothing_when_the_ref_id_names_a_job_that_there_is(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    first = accept(job_store, requests_per_minute=1, concurrent_jobs=1, ref_id="r")
    before = dump(ledger_redis)

    assert accept(job_store, requests_per_minute=1, concurrent_jobs=1, ref_id="r") == first
    with pytest.raises(RefIdConflict):
        accept(job_store, requests_per_minute=1, ref_id="r", request=b"other")

    assert dump(ledger_redis) == before


def test_accept_counts_each_key_for_itself(job_store: JobStore) -> None:
    accept(job_store, requests_per_minute=1)
    other = Allowance("key_8", Limits(requests_per_minute=1))
    assert job_store.accept(new_job(allowance=other)).is_new


# --- jobs under way -------------------------------------------------------------------------------


def test_accept_refuses_one_more_than_concurrent_jobs_until_one_has_ended(
    job_store: JobStore,
) -> None:
    first = accept(job_store, concurrent_jobs=2)
    accept(job_store, concurrent_jobs=2)
    with pytest.raises(TooManyJobs) as refused:
        accept(job_store, concurrent_jobs=2)
    assert 1 <= (refused.value.retry_after_s or 0) <= 120

    finish(job_store, first)

    accept(job_store, concurrent_jobs=2)


def test_live_jobs_leave_however_they_end(
    job_store: JobStore, recovery: RecoveryStore, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    answered, cancelled, aborted, lost, late = (
        accept(job_store, concurrent_jobs=9, timeout_s=timeout_s)
        for timeout_s in (3600.0, 3600.0, 3600.0, 3600.0, 60.0)
    )
    finish(job_store, answered)
    job_store.cancel(job_of(job_store, cancelled))
    attempt = start(job_store, aborted)
    job_store.cancel(job_of(job_store, aborted))
    job_store.execute(aborted, attempt, Result.failure(CANCELLED, cancelled=True))
    for _ in range(3):
        start(job_store, lost)
        fake_clock.advance(31)
        recovery.reap_jobs()
    recovery.expire_jobs()
    assert set(live(ledger_redis)) == {cancelled, aborted, lost, late}
    for job_id in (cancelled, aborted, lost, late):
        assert job_of(job_store, job_id).state.has_result
        complete(job_store, job_id)
        complete(job_store, job_id)

    assert live(ledger_redis) == {}


def test_accept_counts_no_live_job_that_is_not_there_any_more(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    gone = accept(job_store, concurrent_jobs=1)
    ledger_redis.delete(keys.job(gone))

    accept(job_store, concurrent_jobs=1)

    assert gone not in live(ledger_redis)


def test_accept_refuses_one_more_than_queued_jobs_until_one_has_started(
    job_store: JobStore, recovery: RecoveryStore, fake_clock: FakeClock
) -> None:
    first = accept(job_store, queued_jobs=1)
    with pytest.raises(TooManyQueued):
        accept(job_store, queued_jobs=1)

    start(job_store, first)
    accept(job_store, queued_jobs=1)

    # Queued again after its worker was lost, it has been started all the same.
    fake_clock.advance(31)
    recovery.reap_jobs()
    with pytest.raises(TooManyQueued):
        accept(job_store, queued_jobs=1)


# --- tokens and budgets ---------------------------------------------------------------------------


def test_accept_refuses_when_tokens_of_the_minute_do_not_suffice(
    job_store: JobStore, fake_clock: FakeClock
) -> None:
    accept(job_store, 60, tokens_per_minute=100)
    fake_clock.advance(10)
    accept(job_store, 40, tokens_per_minute=100)
    with pytest.raises(TokenRateExceeded) as refused:
        accept(job_store, 50, tokens_per_minute=100)

    assert refused.value.retry_after_s == 51
    fake_clock.advance(51)
    accept(job_store, 50, tokens_per_minute=100)


@pytest.mark.parametrize(
    ("after_s", "used", "left"),
    [
        pytest.param(5, 10, 10, id="less than guessed is given back"),
        pytest.param(5, 90, 90, id="more than guessed is added"),
        pytest.param(70, 10, 0, id="nothing is given back of a minute that is over"),
        pytest.param(70, 90, 30, id="more is added to this minute then"),
    ],
)
def test_complete_puts_what_was_used_in_the_place_of_the_guess(
    job_store: JobStore,
    key_store: KeyStore,
    fake_clock: FakeClock,
    after_s: float,
    used: int,
    left: int,
) -> None:
    job_id = accept(job_store, 60, tokens_per_minute=100)
    fake_clock.advance(after_s)

    finish(job_store, job_id, Charge(tokens=used))

    assert key_store.taken(KEY).tokens == left


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"monthly_tokens": 100}, id="tokens"),
        pytest.param({"monthly_cost_nanos": 5_000_000_000_000}, id="money"),
    ],
)
def test_accept_refuses_when_the_budget_of_the_month_is_used_up_until_the_next(
    job_store: JobStore, fake_clock: FakeClock, limits: dict[str, int]
) -> None:
    charge = Charge(tokens=100, cost_nanos=5_000_000_000_000)
    finish(job_store, accept(job_store, **limits), charge)

    with pytest.raises(InsufficientQuota) as refused:
        accept(job_store, **limits)
    assert refused.value.retry_after_s is None

    fake_clock.advance(31 * 86_400)
    accept(job_store, **limits)


def test_complete_charges_a_job_once_however_often_it_is_called(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    job_id = accept(job_store, monthly_tokens=1000)
    finish(job_store, job_id, Charge(tokens=30, cost_nanos=7))
    complete(job_store, job_id, Charge(tokens=30, cost_nanos=7))

    sums = ledger_redis.hgetall(keys.month_of(KEY, "2023-11"))
    assert sums == {b"tokens": b"30", b"cost_nanos": b"7"}


def test_taken_tells_when_the_minute_of_everything_is_over(
    job_store: JobStore, key_store: KeyStore, fake_clock: FakeClock
) -> None:
    assert key_store.taken(KEY) == Taken(0, 0, 0, 0)
    accept(job_store, 5, requests_per_minute=9, tokens_per_minute=99)
    fake_clock.advance(15)
    accept(job_store, 6, requests_per_minute=9, tokens_per_minute=99)
    fake_clock.advance(15)

    assert key_store.taken(KEY) == Taken(2, 45_000, 11, 46_000)


def test_job_of_a_key_without_limits_leaves_nothing_to_limits(
    job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    finish(job_store, job_store.accept(new_job()).id)
    assert list(ledger_redis.scan_iter("limits:*")) == []


# --- jobs that are tried again --------------------------------------------------------------------


def test_retry_counts_as_a_new_job_of_whoever_asks(
    job_store: JobStore, key_store: KeyStore, ledger_redis: redis.Redis
) -> None:
    limits = {"requests_per_minute": 3, "concurrent_jobs": 1}
    allowance = Allowance(KEY, Limits(**limits), 0)
    failed = accept(job_store, **limits)
    job_store.cancel(job_of(job_store, failed))
    complete(job_store, failed)
    accept(job_store, **limits)

    with pytest.raises(TooManyJobs):
        job_store.retry(job_of(job_store, failed), allowance=allowance)
    assert job_of(job_store, failed).state.is_final

    # Somebody without limits has it tried again: it is nothing to the key any more.
    before = live(ledger_redis)
    assert job_store.retry(job_of(job_store, failed)) is Retried.QUEUED
    assert live(ledger_redis) == before
    finish(job_store, failed, Charge(tokens=5))
    assert ledger_redis.keys("limits:month:*") == [keys.month_of(KEY, "2023-11").encode()]
    assert ledger_redis.hget(keys.month_of(KEY, "2023-11"), "tokens") == b"0"


def test_retry_takes_a_request_and_a_place_and_gives_the_place_back(
    job_store: JobStore, key_store: KeyStore, ledger_redis: redis.Redis
) -> None:
    allowance = Allowance(KEY, Limits(requests_per_minute=2, tokens_per_minute=100), 7)
    failed = accept(job_store)
    job_store.cancel(job_of(job_store, failed))
    complete(job_store, failed)

    assert job_store.retry(job_of(job_store, failed), allowance=allowance) is Retried.QUEUED
    assert set(live(ledger_redis)) == {failed}
    assert (key_store.taken(KEY).requests, key_store.taken(KEY).tokens) == (1, 7)
    finish(job_store, failed, Charge(tokens=3))
    assert live(ledger_redis) == {}
    assert key_store.taken(KEY).tokens == 3
