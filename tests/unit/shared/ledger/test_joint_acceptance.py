"""Jobs that are accepted together become what each of them becomes alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from shared.api_keys.limits import Allowance, Limits
from shared.errors import LedgerUnavailable
from shared.jobs.job import NewJob
from shared.ledger.job_store import JobStore
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, dump, new_job, new_settings


@pytest.fixture
def store(ledger_redis: redis.Redis, settings: Any, fake_clock: FakeClock) -> JobStore:
    return JobStore(ledger_redis, settings, fake_clock)


def together(store: JobStore, news: Sequence[NewJob]) -> list[Any]:
    """Return what a round says of each: its verdict, or the error."""
    told = store.joint._run(news)
    return [one if isinstance(one, Exception) else one[0].decode() for one in told]


def _said(told: Any) -> str:
    return str(told) if isinstance(told, Exception) else told[0].decode()


def _news(draw: random.Random) -> list[NewJob]:
    """Return requests of some owners, alike and not, with RefIds that come again."""
    limits = Limits(tokens_per_minute=30, queued_jobs=4)
    news = []
    for _ in range(draw.randint(2, 16)):
        owner = draw.choice(["a", "a", "b", "c"])
        tokens = draw.choice([1, 9])
        news.append(
            new_job(
                owner=owner,
                model={"a": "m", "b": "n", "c": "o"}[owner],
                ref_id=f"r{draw.randint(1, 20)}",
                request=b"x" * draw.choice([5, 40]),
                fingerprint=draw.choice(["", "a", "a", "a"]),
                tag=draw.choice(["", "t"]),
                run_after=draw.choice(["", "", "", "+5000"]),
                allowance=Allowance("key_7", limits, tokens) if owner == "c" else None,
            )
        )
    return news


def _by_owner(news: Sequence[NewJob]) -> list[NewJob]:
    """Return them as a round takes them: owners in the order in which they came."""
    owners = list(dict.fromkeys(new.owner for new in news))
    return sorted(news, key=lambda new: owners.index(new.owner))


@pytest.mark.parametrize("seed", range(20))
def test_jobs_of_a_round_leave_what_they_leave_alone(
    seed: int, ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    draw = random.Random(seed)
    bounds = {
        "queue_window": draw.choice([1, 64]),
        "owner_queue_limit": draw.choice([2, 9, 1000]),
        "owner_queue_bytes": draw.choice([90, 10**9]),
        "owner_delayed_limit": draw.choice([1, 1000]),
    }
    store = JobStore(ledger_redis, new_settings(**bounds), fake_clock)
    news = _by_owner(_news(draw))
    found = []
    for is_joint in (False, True):
        ledger_redis.flushall()
        ledger_redis.hset(f"{keys.JOB_ID}:ledger", "epoch", "e")
        told = together(store, news) if is_joint else [together(store, [new])[0] for new in news]
        found.append((told, dump(ledger_redis)))
    assert found[0] == found[1]


def test_refusal_of_one_is_none_of_those_behind_it(store: JobStore) -> None:
    store.accept(new_job(ref_id="b", fingerprint="other"))
    news = [new_job(ref_id=name) for name in ("a", "b", "c", "b", "d")]
    told = together(store, news)
    assert told == ["accepted", "conflict", "accepted", "conflict", "accepted"]


def test_jobs_of_one_refid_in_a_round_are_one_job(store: JobStore) -> None:
    told = store.joint._run([new_job(ref_id="a"), new_job(ref_id="b"), new_job(ref_id="a")])
    assert [(said[0], said[1]) for said in told if not isinstance(said, Exception)] == [
        (b"accepted", b"1"),
        (b"accepted", b"2"),
        (b"exists", b"1"),
    ]


def test_limits_that_were_changed_meanwhile_hold_for_those_that_came_under_them(
    store: JobStore,
) -> None:
    few, many = Limits(requests_per_minute=1), Limits(requests_per_minute=50)
    news = [new_job(allowance=Allowance("key_7", limits)) for limits in (few, many, few, many)]
    assert together(store, news) == ["accepted", "accepted", "limited", "accepted"]


def test_round_on_a_ledger_without_an_epoch_begins_one(
    ledger_redis: redis.Redis, fake_clock: FakeClock, settings: Any
) -> None:
    asked = []

    def known_id() -> int:
        asked.append(1)
        return 500

    store = JobStore(ledger_redis, settings, fake_clock, known_id)
    news = [new_job(owner=owner) for owner in ("a", "b", "a")]
    ids = [int(said[1]) for said in store.joint._run(news) if not isinstance(said, Exception)]
    assert [number > 500 for number in ids] == [True, True, True]
    assert asked == [1]


def test_history_that_cannot_tell_ids_fails_the_round_once(
    ledger_redis: redis.Redis, fake_clock: FakeClock, settings: Any
) -> None:
    asked = []

    def known_id() -> int:
        asked.append(1)
        raise LedgerUnavailable

    store = JobStore(ledger_redis, settings, fake_clock, known_id)
    ledger_redis.hset(f"{keys.JOB_ID}:ledger", "epoch", "e")
    known = new_job(owner="a")
    together(store, [known])
    ledger_redis.hdel(f"{keys.JOB_ID}:ledger", "epoch")
    told = together(store, [new_job(owner="a"), new_job(owner="b"), known, new_job(owner="a")])
    assert [type(told[place]) for place in (0, 1, 3)] == [LedgerUnavailable] * 3
    assert told[2] == "exists"
    assert asked == [1]


def test_error_of_one_owners_keys_is_that_owners(
    store: JobStore, ledger_redis: redis.Redis
) -> None:
    ledger_redis.set(f"{keys.DEADLINES}:bytes:bad", "not a hash")
    told = together(store, [new_job(owner=owner) for owner in ("good", "bad", "fine", "bad")])
    assert (told[0], told[2]) == ("accepted", "accepted")
    assert [type(told[place]) for place in (1, 3)] == [redis.ResponseError] * 2


def test_what_cannot_be_sent_of_one_is_told_to_that_one(store: JobStore) -> None:
    news = [new_job(tag=tag) for tag in ("a", "\ud800", "b")]
    told = together(store, news)
    assert told[0] == told[2] == "accepted"
    assert isinstance(told[1], UnicodeEncodeError)


def test_outage_is_everybodys_and_asked_once(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def frozen(runs: Sequence[Sequence[NewJob]]) -> Any:
        tried.append(len(runs))
        raise redis.TimeoutError("frozen")

    monkeypatch.setattr(store.acceptance, "try_all", frozen)
    told = store.joint._run([new_job(), new_job(), new_job(owner="other")])
    assert [_said(one) for one in told] == ["frozen"] * 3
    assert tried == [2]


def test_outage_while_ids_are_asked_for_again_is_none_of_those_that_have_their_answer(
    store: JobStore, ledger_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_all, tried = store.acceptance.try_all, []

    def once(runs: Sequence[Sequence[NewJob]]) -> Any:
        tried.append(sum(map(len, runs)))
        if len(tried) > 1:
            raise redis.TimeoutError("frozen")
        return try_all(runs)

    store.accept(known := new_job())
    ledger_redis.hdel(f"{keys.JOB_ID}:ledger", "epoch")
    monkeypatch.setattr(store.acceptance, "try_all", once)
    told = store.joint._run([new_job(), known, new_job(), new_job(owner="other")])
    assert [_said(one) for one in told] == ["frozen", "exists", "frozen", "frozen"]
    assert tried == [4, 3]


def test_outage_is_found_once_by_those_who_are_asked_for_alone(
    store: JobStore, ledger_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def frozen(news: Sequence[NewJob]) -> Any:
        tried.append(len(news))
        raise redis.TimeoutError("frozen")

    ledger_redis.set(f"{keys.DEADLINES}:bytes:bad", "not a hash")
    monkeypatch.setattr(store.acceptance, "run", frozen)
    told = store.joint._run([new_job(owner=owner) for owner in ("bad", "good", "bad", "bad")])
    assert [_said(one) for one in told] == ["frozen", "accepted", "frozen", "frozen"]
    assert tried == [1]


def test_refusal_of_a_full_redis_is_told_to_all_of_the_run(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")
    monkeypatch.setattr(store.acceptance, "try_all", lambda runs: [full] * len(runs))
    assert together(store, [new_job(), new_job(), new_job(owner="b")]) == [full, full, full]


def test_large_request_goes_alone(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    joint: list[Any] = []
    monkeypatch.setattr(store.joint, "_together", joint)
    assert store.accept(new_job(request=b"x" * 20_000)).is_new
    with pytest.raises(AttributeError):
        store.accept(new_job(request=b"x"))
