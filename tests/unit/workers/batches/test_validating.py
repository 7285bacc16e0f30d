"""Input files are looked at in steps; whatever dies between two of them, the counts are right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from shared.batches import lines
from shared.batches.batch import Batch, Status
from shared.batches.store import BatchStore
from shared.errors import StorageUnavailable
from shared.settings import Settings
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.stored import stored_batch
from workers.batches import validating
from workers.batches.feeder import Feeder
from workers.batches.pace import Moved
from workers.batches.validating import Validation


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "STEP_LINES", 10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(artifacts=str(tmp_path / "files"), storage_free_bytes=0, batch_window=20)


@pytest.fixture
def deps(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Deps:
    deps = worker_deps.build(fake_redis, settings, fake_clock, worker_deps.FakeLlm())
    return replace(deps, sleep=lambda _: None)


def new_batch(deps: Deps, count: int, name: str = "batch_1") -> Batch:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    call = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    rows = [json.dumps({"custom_id": f"c{n}", **call}).encode() + b"\n" for n in range(count)]
    return stored_batch(deps, rows, 3600, name)


def state(deps: Deps, name: str = "batch_1") -> tuple[Status, int]:
    batch = BatchStore(deps.database).find(name, "a")
    assert batch is not None
    return batch.status, batch.total


def test_small_batch_begins_beside_a_large_one(deps: Deps) -> None:
    large, small = new_batch(deps, 95), new_batch(deps, 5, "batch_2")
    validation = Validation(deps.batches)
    assert validation.move(large) is Moved.MUCH
    assert validation.move(small) is Moved.MUCH
    assert state(deps) == (Status.VALIDATING, 0)
    assert state(deps, "batch_2") == (Status.IN_PROGRESS, 5)
    for _ in range(9):
        validation.move(large)
    assert state(deps) == (Status.IN_PROGRESS, 95)


def test_feeder_goes_round_between_the_steps(deps: Deps) -> None:
    new_batch(deps, 200)
    new_batch(deps, 5, "batch_2")
    seen: list[tuple[Status, int]] = []
    resting = replace(deps.batches.process, sleep=lambda _: seen.append(state(deps, "batch_2")))
    feeder = Feeder(replace(deps.batches, process=resting))
    feeder()
    assert state(deps) == (Status.IN_PROGRESS, 200)
    assert seen[0] == (Status.IN_PROGRESS, 5)


def test_another_process_begins_anew_where_one_died(deps: Deps) -> None:
    batch = new_batch(deps, 25)
    dead, alive = Validation(deps.batches), Validation(deps.batches)
    dead.move(batch)
    dead.move(batch)
    for _ in range(3):
        alive.move(batch)
    assert state(deps) == (Status.IN_PROGRESS, 25)
    # It was frozen, and goes on with what it knew.
    dead.move(batch)
    assert state(deps) == (Status.IN_PROGRESS, 25)
    counts = BatchStore(deps.database).counts(batch.id)
    assert sum(counts.values()) == 25


def test_file_is_gone_on_with_where_its_store_was_away(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, validation = new_batch(deps, 25), Validation(deps.batches)
    validation.move(batch)
    with monkeypatch.context() as away:
        away.setattr(type(deps.artifacts), "read", _away)
        with pytest.raises(StorageUnavailable):
            validation.move(batch)
    validation.move(batch)
    validation.move(batch)
    assert state(deps) == (Status.IN_PROGRESS, 25)


def _away(*_: object) -> None:
    raise StorageUnavailable


def test_few_files_are_held_in_memory(
    deps: Deps, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validating, "_MOST", 2)
    first, second, third = (new_batch(deps, 25, f"batch_{n}") for n in range(3))
    validation = Validation(deps.batches)
    assert [validation.move(one) for one in (first, second)] == [Moved.MUCH] * 2
    assert validation.move(third) is Moved.NOTHING
    # Two were cancelled: nobody asks for them any more.
    fake_clock.advance(validating._IDLE_S + 1)
    for _ in range(3):
        assert validation.move(third) is Moved.MUCH
    assert state(deps, "batch_2") == (Status.IN_PROGRESS, 25)
