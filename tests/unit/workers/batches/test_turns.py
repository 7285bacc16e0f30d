"""Many batches at once: each has its turn, and one that cannot go on holds up no other."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import update

from gateway.batches.views import cancel_batch
from shared.batches.batch import Batch, Status
from shared.batches.store import BatchStore
from shared.batches.tables import batches
from shared.errors import DatabaseUnavailable
from shared.jobs.moves import Result
from shared.store import redis_keys as keys
from tests.support import worker_deps
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.stored import stored_batch
from workers.batches import ending, feeder, running
from workers.batches.feeder import Feeder


@pytest.fixture
def deps(fake_redis: redis.Redis, tmp_path: Path, fake_clock: FakeClock) -> Deps:
    settings = new_settings(
        artifacts=str(tmp_path), storage_free_bytes=0, batch_window=10, queue_limit=10
    )
    deps = worker_deps.build(fake_redis, settings, fake_clock, worker_deps.FakeLlm())
    return replace(deps, sleep=lambda _: None)


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder, "_ROUNDS", 4)


@pytest.fixture
def store(deps: Deps) -> BatchStore:
    return BatchStore(deps.database)


def line(number: int) -> bytes:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    call = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions"}
    return json.dumps({**call, "body": body}).encode() + b"\n"


def new_batch(deps: Deps, name: str, count: int = 5, **more: Any) -> Batch:
    return stored_batch(deps, map(line, range(count)), 3600, name, **more)


def state(store: BatchStore, name: str) -> Batch:
    batch = store.find(name, None)
    assert batch is not None
    return batch


def problem(store: BatchStore, name: str) -> str:
    return " ".join(f"{one['code']}: {one['message']}" for one in state(store, name).errors)


def jobs_of(deps: Deps) -> dict[str, int]:
    """Return how many jobs each batch has had."""
    names = [key.decode() for key in deps.redis.keys(keys.ref("a", "*"))]
    found = [name.rsplit("batch_", 1)[1].split(":")[0] for name in names]
    return {f"batch_{one}": found.count(one) for one in sorted(set(found))}


def end(deps: Deps, job_id: int) -> None:
    MessageLists(deps.redis).take("chat.m")
    claim = deps.jobs.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    deps.jobs.execute(job_id, claim.attempt, Result.response(b'{"choices":[]}'))
    ended = deps.jobs.get(job_id)
    assert ended is not None
    deps.jobs.complete([ended])


def test_each_of_many_has_its_share_and_all_together_the_window(
    deps: Deps, store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "_MOST", 2)
    for number in range(1, 6):
        new_batch(deps, f"batch_{number}")
    feeding = Feeder(deps.batches)
    for _ in range(3):
        feeding()
    assert {one.status for one in store.every(None, 0, 9)[0]} == {Status.IN_PROGRESS}
    assert jobs_of(deps) == {f"batch_{number}": 2 for number in range(1, 6)}
    # The last one is cancelled in its turn, whatever those before it wait for.
    cancel_batch(store, lambda: state(store, "batch_5"))
    for job_id in range(1, 11):
        job = deps.jobs.get(job_id)
        if job is not None and job.ref_id.startswith("batch_5"):
            feeding()
            deps.jobs.complete([found for found in [deps.jobs.get(job_id)] if found])
    feeding()
    feeding()
    assert state(store, "batch_5").status is Status.CANCELLED


def test_cancelled_before_it_began_is_over_and_told(deps: Deps, store: BatchStore) -> None:
    batch = new_batch(deps, "batch_1", reply_to="https://app.example.com/told")
    over = cancel_batch(store, lambda: state(store, "batch_1"))
    assert over.status is Status.CANCELLED
    assert over.times.keys() == {"cancelling", "cancelled"}
    Feeder(deps.batches)()
    assert not state(store, "batch_1").to_tell
    event = deps.jobs.get(1)
    assert event is not None
    assert event.event == "batch.cancelled"
    deps.artifacts.delete(batch.input_file_id)
    deps.artifacts.sweep()
    assert deps.artifacts.find(batch.input_file_id) is None


def test_lines_of_a_large_one_are_given_up_step_by_step(
    deps: Deps, store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_PAGE", 4)
    monkeypatch.setattr(ending, "_PAGES", 2)
    new_batch(deps, "batch_1", 40)
    feeding = Feeder(deps.batches)
    feeding()
    cancel_batch(store, lambda: state(store, "batch_1"))
    steps: list[bool] = []
    works = ending._has_given_up

    def counted(*args: Any) -> bool:
        steps.append(works(*args))
        return steps[-1]

    monkeypatch.setattr(ending, "_has_given_up", counted)
    feeding()
    deps.jobs.complete([job for job in map(deps.jobs.get, range(1, 11)) if job is not None])
    feeding()
    assert (state(store, "batch_1").status, state(store, "batch_1").failed) == ("cancelled", 40)
    assert steps[:4] == [False, False, False, True]


def test_what_has_no_room_says_so_until_it_has(deps: Deps, store: BatchStore) -> None:
    others = [deps.jobs.accept(new_job()).id for _ in range(10)]
    new_batch(deps, "batch_1")
    feeding = Feeder(deps.batches)
    feeding()
    assert problem(store, "batch_1").startswith("waiting: It waits: The queue of this model is")
    for job_id in others[:6]:
        end(deps, job_id)
    feeding()
    assert problem(store, "batch_1") == ""
    assert jobs_of(deps) == {"batch_1": 5}


def test_one_whose_work_fails_is_told_once_and_holds_up_no_other(
    deps: Deps,
    store: BatchStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("batch_1", "batch_2", "batch_3"):
        new_batch(deps, name)
    broken = update(batches).where(batches.c.id == "batch_2").values(document="{")
    deps.database.write(lambda connection: connection.execute(broken))
    works = running.decide

    def fails(desk: Any, batch: Batch) -> Batch | None:
        if batch.id == "batch_1":
            raise KeyError("of another version")
        return works(desk, batch)

    feeding = Feeder(deps.batches)
    with monkeypatch.context() as wrong, caplog.at_level(logging.WARNING):
        wrong.setattr(running, "decide", fails)
        feeding()
        feeding()
    told = [one for one in caplog.messages if "left out" in one]
    assert [one.split(":")[0] for one in told] == ["batch batch_2", "batch batch_1"]
    assert jobs_of(deps) == {"batch_3": 5}
    assert "no_progress: It makes no progress and is tried again: KeyError" in problem(
        store, "batch_1"
    )
    assert "cannot be read: cancel it" in problem(store, "batch_2")
    feeding()
    assert problem(store, "batch_1") == ""
    # What nobody can read can be cancelled.
    cancel_batch(store, lambda: state(store, "batch_2"))
    feeding()
    over = state(store, "batch_2")
    assert (over.status, over.to_tell) == (Status.CANCELLED, False)


@pytest.mark.parametrize("error", [DatabaseUnavailable(), redis.ConnectionError("away")])
def test_what_holds_up_all_batches_is_said_once_for_all(
    deps: Deps,
    store: BatchStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    for number in range(5):
        new_batch(deps, f"batch_{number}")
    feeding = Feeder(deps.batches)

    def away(*_: Any) -> None:
        raise error

    with monkeypatch.context() as wrong, caplog.at_level(logging.WARNING):
        wrong.setattr(BatchStore, "begin", away)
        for _ in range(3):
            feeding()
    assert len(caplog.messages) == 1
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        feeding()
    assert caplog.messages == ["batches: go on again"]
