"""The keeper: ended jobs come into the history once, whatever is away, and do not expire before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select, text

from shared.callbacks.delivery_store import DeliveryAttempt, DeliveryState, NextStep
from shared.database.database import Database
from shared.errors import DatabaseUnavailable
from shared.history.tables import job_bodies, jobs
from shared.history.writer import HistoryWriter, Record
from shared.jobs.epoch import FORGOTTEN
from shared.jobs.moves import Result
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.telemetry.tally import Counts, Tallied
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings
from tests.support.history import ended_job, record
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.completion.run import complete_executed
from workers.history import keeper
from workers.history.keeper import Keeper
from workers.history.pruning import prune


@pytest.fixture
def settings() -> Settings:
    return new_settings(result_ttl_s=600)


@pytest.fixture
def deps(ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Deps:
    return build(ledger_redis, settings, fake_clock, FakeLlm())


def end(deps: Deps, count: int = 1, **fields: Any) -> list[int]:
    """Make jobs, answer them, complete them; return their ids."""
    ids = []
    for _ in range(count):
        job_id = deps.jobs.accept(new_job(**fields)).id
        MessageLists(deps.redis).take("chat.m")
        claim = deps.jobs.claim(job_id, "chat.m", 5, "w")
        assert claim is not None
        deps.jobs.execute(job_id, claim.attempt, Result.response(b'{"id":"x"}'))
        ids.append(job_id)
    complete_executed(deps.completion)
    return ids


def stored(deps: Deps) -> list[int]:
    return deps.database.read(lambda c: list(c.scalars(select(jobs.c.id).order_by(jobs.c.id))))


def away(tmp_path: Path, deps: Deps) -> Deps:
    """Return the same worker with a database that cannot be reached."""
    gone = HistoryWriter(Database("sqlite:////proc/none/history.db"))
    return Deps(**{**vars(deps), "history": gone})


def test_keeper_stores_all_ended_jobs_over_many_batches(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BATCH", 7)
    monkeypatch.setattr(keeper, "_PAGE", 3)
    ids = end(deps, 7 * 3 + 2)
    Keeper(deps.keeping)()
    assert stored(deps) == ids
    assert deps.unstored.count() == 0


def test_job_that_nobody_can_read_stays_and_stops_no_other(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper, "BATCH", 2)
    ids = end(deps, 5)
    for newer in ids[:2]:
        deps.redis.hset(keys.job(newer), "operation", "of-a-newer-version")
    first = Keeper(deps.keeping)
    for _ in range(3):
        first()
    assert stored(deps) == ids[2:]
    told = [one.split(":")[0] for one in caplog.messages if "cannot be read" in one]
    assert told == [f"job {newer}" for newer in ids[:2]]
    for newer in ids[:2]:
        deps.redis.hdel(keys.job(newer), "operation")
    deps.redis.delete(keys.HISTORY_LEASE)
    Keeper(deps.keeping)()
    assert stored(deps) == ids


def test_pass_leaves_to_the_next_what_ends_while_it_runs(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BATCH", 2)
    first, later = end(deps, 4), []
    store, keep = deps.history.store, Keeper(deps.keeping)

    def store_and_end_another(records: list[Record]) -> int:
        later.extend(end(deps, 1 if len(later) < 5 else 0))
        return store(records)

    deps.history.store = store_and_end_another  # type: ignore[method-assign,assignment]
    keep()
    assert stored(deps) == first
    deps.history.store = store  # type: ignore[method-assign]
    keep()
    assert stored(deps) == first + later


def test_job_gets_its_time_to_live_when_it_is_stored(deps: Deps) -> None:
    (job_id,) = end(deps, ref_id="r")
    lives = [keys.job(job_id), keys.ref("key1", "r")]
    assert [deps.redis.pttl(key) for key in lives] == [-1, -1]
    Keeper(deps.keeping)()
    assert [0 < deps.redis.pttl(key) <= 600_000 for key in lives] == [True, True]


def finish_delivery(deps: Deps, job_id: int) -> None:
    claim, job = deps.deliveries.claim(job_id), deps.jobs.get(job_id)
    assert claim is not None
    assert job is not None
    row = DeliveryAttempt(claim.attempt, "schedule", 0, 1, "")
    deps.deliveries.finish(job, claim, row, NextStep(DeliveryState.DELIVERED, "ok"))


@pytest.mark.parametrize(
    "delivered_first", [pytest.param(True, id="delivered first"), pytest.param(False, id="stored")]
)
def test_job_with_a_callback_lives_until_it_is_stored_and_delivered(
    deps: Deps, *, delivered_first: bool
) -> None:
    (job_id,) = end(deps, reply_to="https://example.com/cb")
    steps = [lambda: finish_delivery(deps, job_id), Keeper(deps.keeping)]
    for step in steps if delivered_first else reversed(steps):
        assert deps.redis.pttl(keys.job(job_id)) == -1
        step()
    assert 0 < deps.redis.pttl(keys.job(job_id)) <= 600_000  # type: ignore[operator]


def test_jobs_wait_on_the_list_while_the_database_is_away_and_are_stored_later(
    deps: Deps, tmp_path: Path
) -> None:
    ids = end(deps, 3)
    with pytest.raises(DatabaseUnavailable):
        Keeper(away(tmp_path, deps))()
    job = deps.jobs.get(ids[0])
    assert job is not None
    assert (deps.unstored.count(), str(job.state)) == (3, "Completed")
    Keeper(deps.keeping)()
    assert stored(deps) == ids


def test_keeper_that_dies_after_the_commit_leaves_one_row_each(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = end(deps, 5)

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(deps.unstored, "note_stored", die)
        with pytest.raises(SystemExit):
            Keeper(deps.keeping)()
    deps.redis.delete(keys.HISTORY_LEASE)
    assert deps.unstored.count() == 5
    Keeper(deps.keeping)()
    assert stored(deps) == ids
    assert deps.unstored.count() == 0


def test_keeper_leaves_the_work_to_the_process_that_is_at_it(deps: Deps) -> None:
    end(deps)
    assert deps.unstored.enter("another", 10)
    Keeper(deps.keeping)()
    assert deps.unstored.count() == 1


def test_job_that_the_database_cannot_hold_does_not_stop_the_others(
    deps: Deps, caplog: pytest.LogCaptureFixture
) -> None:
    ids = end(deps, 3, request=b"a secret")
    # More than the database's numbers reach.
    deps.redis.hset(keys.job(ids[1]), "executed_ms", str(2**70))
    Keeper(deps.keeping)()
    assert stored(deps) == [ids[0], ids[2]]
    assert deps.unstored.count() == 0
    assert f"job {ids[1]}: the history rejected it" in caplog.text
    assert "a secret" not in caplog.text


def test_jobs_stay_on_the_list_when_the_schema_is_not_the_one_that_is_known(deps: Deps) -> None:
    ids = end(deps, 2)
    deps.database.write(lambda c: c.execute(text("ALTER TABLE job_bodies RENAME TO gone")))
    with pytest.raises(DatabaseUnavailable):
        Keeper(deps.keeping)()
    assert deps.unstored.count() == 2
    deps.redis.delete(keys.HISTORY_LEASE)
    deps.database.write(lambda c: c.execute(text("ALTER TABLE gone RENAME TO job_bodies")))
    Keeper(deps.keeping)()
    assert stored(deps) == ids


def test_ids_go_on_above_the_history_in_an_emptied_ledger(deps: Deps) -> None:
    deps.history.store([record(ended_job(41))])
    Keeper(deps.keeping)()
    first = deps.jobs.accept(new_job()).id
    assert first == 42 + FORGOTTEN
    Keeper(deps.keeping)()
    assert deps.jobs.accept(new_job()).id == first + 1


def test_bodies_stay_out_of_the_history_when_the_operator_says_so(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    deps = build(ledger_redis, new_settings(history_bodies="none"), fake_clock, FakeLlm())
    end(deps)
    Keeper(deps.keeping)()
    row = deps.database.read(lambda c: c.execute(select(job_bodies)).mappings().one())
    assert (row["request"], row["response"]) == (None, None)


def test_large_bodies_are_stored_a_few_at_a_time(deps: Deps) -> None:
    ids = end(deps, 35, request=b"x" * 400_000)
    batches: list[int] = []
    store = deps.history.store
    deps.history.store = lambda records: batches.append(len(records)) or store(records)  # type: ignore[method-assign]
    Keeper(deps.keeping)()
    assert batches == [30, 5]
    assert stored(deps) == ids


def test_prune_deletes_what_is_older_than_the_days_that_are_kept(
    deps: Deps, fake_clock: FakeClock
) -> None:
    deps.history.store([record(ended_job(n)) for n in range(1, 1203)])
    fake_clock.advance(90 * 86_400 + 1200.5)
    prune(deps.keeping)
    assert stored(deps) == [1201, 1202]


def test_prune_keeps_all_when_the_history_is_for_ever(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    deps = build(ledger_redis, new_settings(history_days=0), fake_clock, FakeLlm())
    deps.history.store([record(ended_job(1))])
    fake_clock.advance(10_000 * 86_400)
    prune(deps.keeping)
    assert stored(deps) == [1]


def test_tokens_are_counted_once_also_when_a_batch_is_stored_again(deps: Deps) -> None:
    job_id = deps.jobs.accept(new_job()).id
    MessageLists(deps.redis).take("chat.m")
    claim = deps.jobs.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    answer = b'{"id":"x","usage":{"prompt_tokens":7,"completion_tokens":5}}'
    deps.jobs.execute(job_id, claim.attempt, Result.response(answer))
    complete_executed(deps.completion)
    # Another process that stores the same batch at the same time, and is the first.
    taken = deps.unstored.read([job_id])
    Keeper(deps.keeping)()
    assert deps.unstored.note_stored([job for job in taken if job]) == set()
    deps.tally.flush(deps.redis)
    told = Counts.read(deps.redis).of(Tallied.TOKENS)
    assert {(model, kind): n for (model, _, kind), n in told.items()} == {
        ("m", "prompt"): 7,
        ("m", "completion"): 5,
    }
