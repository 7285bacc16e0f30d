"""A clock that was set back is made up for in runs of a few thousand, whoever dies between two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from shared.ledger.job_store import JobStore
from shared.recovery import pauses
from shared.recovery.pauses import Pauses
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.scripts import Call, ScriptRunner
from tests.support.factories import FakeClock, new_job

STEP_MS = 10_000
#: So many are looked at in a run, here.
FEW = 4
SETS = (keys.DELAYED, keys.DELIVERIES_DELAYED, keys.ENDPOINTS_WAKES)


class Died(Exception):
    """This process ends here."""


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Make runs short, and let a process die when it has made as many as the first entry says."""
    left = [10_000]
    run = ScriptRunner.run

    def counted(self: ScriptRunner, call: Call) -> object:
        if call.name == "shorten_pauses":
            if not left[0]:
                raise Died
            left[0] -= 1
        return run(self, call)

    monkeypatch.setattr(pauses, "_AT_ONCE", FEW)
    monkeypatch.setattr(ScriptRunner, "run", counted)
    yield left
    left[0] = 10_000


@pytest.fixture
def other(ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Pauses:
    return Pauses(ledger_redis, settings, fake_clock)


def _fill(client: redis.Redis, now_ms: int) -> dict[str, dict[bytes, float]]:
    """Put what waits into each set, with many of one moment; return where it is to be."""
    due: dict[str, dict[bytes, float]] = {}
    for name in SETS:
        rows = {f"{i}": now_ms + 30_000 + (i // 7) * 100 for i in range(30)}
        client.zadd(name, {**rows, "due": now_ms, "nearly": now_ms + 1})
        due[name] = {member.encode(): float(at - STEP_MS) for member, at in rows.items()}
        due[name] |= {b"due": float(now_ms), b"nearly": float(now_ms + 1 - STEP_MS)}
    return due


def _held(client: redis.Redis) -> dict[str, dict[bytes, float]]:
    return {name: dict(client.zrange(name, 0, -1, withscores=True)) for name in SETS}


@pytest.mark.parametrize("made", range(2, 26, 2))
def test_another_goes_on_where_one_died(
    ledger_redis: redis.Redis,
    recovery: RecoveryStore,
    other: Pauses,
    fake_clock: FakeClock,
    runs: list[int],
    made: int,
) -> None:
    wanted = _fill(ledger_redis, fake_clock())
    runs[0] = made
    with pytest.raises(Died):
        recovery.shorten_pauses(STEP_MS / 1000)
    runs[0] = 10_000
    # It has noticed the same step, or nothing: it began after it.
    other.shorten(STEP_MS / 1000 if made % 4 else 0)
    assert _held(ledger_redis) == wanted
    assert other.shorten() == 0
    assert recovery.shorten_pauses(STEP_MS / 1000) == 0
    assert _held(ledger_redis) == wanted


def test_no_run_looks_at_more_than_it_may(
    ledger_redis: redis.Redis, recovery: RecoveryStore, fake_clock: FakeClock, runs: list[int]
) -> None:
    _fill(ledger_redis, fake_clock())
    recovery.shorten_pauses(STEP_MS / 1000)
    assert 10_000 - runs[0] >= len(SETS) * 31 // FEW


def _due_at(store: JobStore, moment: int, number: int) -> list[int]:
    return [store.accept(new_job(run_after=str(moment))).id for _ in range(number)]


def test_jobs_of_one_moment_that_somebody_named_stay_and_those_among_them_come_earlier(
    ledger_redis: redis.Redis,
    job_store: JobStore,
    recovery: RecoveryStore,
    fake_clock: FakeClock,
    runs: list[int],
) -> None:
    moment = fake_clock() + 60_000
    ids = _due_at(job_store, moment, 27)
    waiting = ids[7:9] + ids[11:16]
    named = [job_id for job_id in ids if job_id not in waiting]
    # As those are that wait for their key's limits.
    for job_id in waiting:
        ledger_redis.hset(keys.job(job_id), "accepted_ms", moment)
    assert recovery.shorten_pauses(STEP_MS / 1000) == len(waiting)
    for job_id in named:
        assert ledger_redis.zscore(keys.LATER, job_id) == moment
    for job_id in waiting:
        assert ledger_redis.zscore(keys.LATER, job_id) == moment - STEP_MS
    assert not ledger_redis.exists(keys.CLOCK_SET_BACK_PLACE)


def test_what_stands_where_one_died_may_be_gone(
    ledger_redis: redis.Redis,
    job_store: JobStore,
    recovery: RecoveryStore,
    fake_clock: FakeClock,
    runs: list[int],
) -> None:
    moment = fake_clock() + 60_000
    ids = _due_at(job_store, moment, 10)
    first, last = sorted(ids, key=str)[:5], max(ids, key=str)
    ledger_redis.hset(keys.job(last), "accepted_ms", moment)
    runs[0] = 2
    with pytest.raises(Died):
        recovery.shorten_pauses(STEP_MS / 1000)
    ledger_redis.zrem(keys.LATER, *first)
    runs[0] = 10_000
    assert recovery.shorten_pauses() == 1
    assert ledger_redis.zscore(keys.LATER, last) == moment - STEP_MS


def test_nobody_goes_on_for_ever_with_what_was_begun(
    ledger_redis: redis.Redis, recovery: RecoveryStore, fake_clock: FakeClock, runs: list[int]
) -> None:
    _fill(ledger_redis, fake_clock())
    runs[0] = 2
    with pytest.raises(Died):
        recovery.shorten_pauses(STEP_MS / 1000)
    assert 0 < ledger_redis.pttl(keys.CLOCK_SET_BACK_PLACE) <= 300_000
