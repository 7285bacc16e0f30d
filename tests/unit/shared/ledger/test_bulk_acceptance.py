"""Many jobs accepted at once leave what they leave when they are accepted one after the other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from shared.api_keys.limits import Allowance, Limits
from shared.errors import RefIdConflict, ServiceError, TokenRateExceeded
from shared.jobs.job import NewJob
from shared.ledger import bulk_acceptance
from shared.ledger.job_store import JobStore
from shared.operation import Operation
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, dump, new_job, new_settings

Told = tuple[list[tuple[int, bool]], str]


def _one_by_one(store: JobStore, news: Sequence[NewJob]) -> Told:
    told: list[tuple[int, bool]] = []
    try:
        for new in news:
            accepted = store.accept(new)
            told.append((accepted.id, accepted.is_new))
    except ServiceError as exc:
        return told, f"{exc.code} {exc.message} {exc.retry_after_s}"
    return told, ""


def _at_once(store: JobStore, news: Sequence[NewJob]) -> Told:
    told: list[tuple[int, bool]] = []
    try:
        for accepted in store.accept_all(news):
            told.append((accepted.id, accepted.is_new))  # noqa: PERF401 - up to the failure
    except ServiceError as exc:
        return told, f"{exc.code} {exc.message} {exc.retry_after_s}"
    return told, ""


def _settings(draw: random.Random) -> dict[str, int]:
    return {
        "queue_window": draw.choice([1, 4, 64]),
        "queue_limit": draw.choice([3, 12, 1000]),
        "owner_queue_limit": draw.choice([2, 9, 1000]),
        "owner_queue_bytes": draw.choice([90, 500, 10**9]),
        "owner_delayed_limit": draw.choice([1, 1000]),
    }


def _news(draw: random.Random) -> list[NewJob]:
    """Return some requests, most alike, with RefIds that come again and now and then conflict."""
    limits = {"tokens_per_minute": 40, "queued_jobs": draw.choice([3, 50])}
    allowance = Allowance("key_7", Limits(**limits)) if draw.random() < 0.4 else None
    provider, operation = draw.choice(["", "", "acme"]), Operation.CHAT
    news = []
    for _ in range(draw.randint(1, 14)):
        size = draw.choice([5, 5, 40])
        fields: dict[str, Any] = {
            "ref_id": f"r{draw.randint(1, 20)}",
            "request": b"x" * size,
            "fingerprint": draw.choice(["", "a", "a", "a"]),
            "tag": draw.choice(["", "t", "u"]),
            "model": draw.choice(["m", "m", "m", "n"]),
            "reply_to": draw.choice(["", "http://a.example/"]),
            "timeout_s": draw.choice([60.0, 3600.0]),
            "provider": provider,
            "operation": operation,
            "run_after": draw.choice(["", "", "", "+0", "+5000"]),
        }
        if allowance:
            fields["allowance"] = Allowance("key_7", allowance.limits, draw.choice([1, 9]))
        news.append(new_job(**fields))
    return news


@pytest.mark.parametrize("seed", range(20))
def test_jobs_at_once_leave_what_they_leave_one_by_one(
    seed: int, ledger_redis: redis.Redis, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_acceptance, "_MOST_JOBS", 5)
    draw = random.Random(seed)
    settings, news = new_settings(**_settings(draw)), _news(draw)
    closed, before = draw.random() < 0.2, _news(draw)[:4]
    found = []
    for accept in (_one_by_one, _at_once):
        ledger_redis.flushall()
        store = JobStore(ledger_redis, settings, fake_clock)
        ledger_redis.hset(f"{keys.JOB_ID}:ledger", "epoch", "e")
        if closed:
            ledger_redis.sadd(keys.GATES, "chat.m")
        _one_by_one(store, [new._replace(owner="another", allowance=None) for new in before])
        found.append((accept(store, news), dump(ledger_redis)))
    assert found[0] == found[1]


def test_first_refusal_ends_it_and_nothing_behind_is_made(
    ledger_redis: redis.Redis, fake_clock: FakeClock, settings: Any
) -> None:
    store = JobStore(ledger_redis, settings, fake_clock)
    store.accept(new_job(ref_id="b", fingerprint="other"))
    news = [new_job(ref_id=name) for name in ("a", "b", "c")]
    made = store.accept_all(news)
    assert next(made).is_new
    with pytest.raises(RefIdConflict):
        next(made)
    assert ledger_redis.get(keys.ref("key1", "a")) is not None
    assert ledger_redis.get(keys.ref("key1", "c")) is None


def test_tokens_of_each_job_count(
    ledger_redis: redis.Redis, fake_clock: FakeClock, settings: Any
) -> None:
    store = JobStore(ledger_redis, settings, fake_clock)
    limits = Limits(tokens_per_minute=10)
    news = [new_job(allowance=Allowance("key_7", limits, tokens)) for tokens in (1, 2, 8)]
    made = store.accept_all(news)
    assert [next(made).is_new, next(made).is_new] == [True, True]
    with pytest.raises(TokenRateExceeded):
        next(made)


def test_ledger_without_an_epoch_gets_one(
    ledger_redis: redis.Redis, fake_clock: FakeClock, settings: Any
) -> None:
    store = JobStore(ledger_redis, settings, fake_clock, known_id=lambda: 500)
    assert [one.id > 500 for one in store.accept_all([new_job(), new_job()])] == [True, True]


def test_large_requests_go_in_several_runs(
    ledger_redis: redis.Redis, fake_clock: FakeClock, settings: Any
) -> None:
    store = JobStore(ledger_redis, settings, fake_clock)
    news = [new_job(request=b"x" * 600_000) for _ in range(3)]
    chunks = [len(chunk) for chunk in bulk_acceptance._chunks(iter(news))]
    assert chunks == [1, 1, 1]
    assert len(list(store.accept_all(news))) == 3
