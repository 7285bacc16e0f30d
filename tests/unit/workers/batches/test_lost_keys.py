"""A batch whose API key opens nothing any more begins no line, and says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import Connection

from shared.api_keys import book
from shared.api_keys.issued import NewKey
from shared.batches.batch import Status
from shared.batches.store import BatchStore
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.test_feeder import answer_all, last_id, new_batch, run_out, state
from workers.batches.feeder import Feeder
from workers.routing import lost_keys


@pytest.fixture
def deps(fake_redis: redis.Redis, fake_clock: FakeClock, tmp_path: Path) -> Deps:
    settings = new_settings(
        artifacts=str(tmp_path / "files"), storage_free_bytes=0, batch_window=4, queue_limit=1000
    )
    deps = worker_deps.build(fake_redis, settings, fake_clock, worker_deps.FakeLlm())
    return replace(deps, sleep=lambda _: None)


def a_key(deps: Deps, expires_ms: int = 0) -> int:
    def issue(connection: Connection) -> int:
        new = NewKey(name="k", expires_ms=expires_ms)
        return book.issue(connection, new, "ak-" + "x" * 40, 1).id

    return deps.database.write(issue)


def revoke(deps: Deps, key: int) -> None:
    deps.database.write(lambda connection: book.revoke(connection, key, 1))


def test_batch_of_a_revoked_key_begins_no_further_line(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_keys, "_REMEMBERED_S", 0.0)
    key, store = a_key(deps), BatchStore(deps.database)
    new_batch(deps, 10, key_id=f"key_{key}")
    feeder = Feeder(deps.batches)
    feeder()
    assert last_id(deps) == 4
    revoke(deps, key)
    feeder()
    held = state(store)
    assert (held.status, held.errors[0]["code"]) == (Status.IN_PROGRESS, "key_lost")
    assert "revoked" in held.errors[0]["message"]
    # What was accepted is answered.
    assert answer_all(deps) == 4
    done = run_out(deps, feeder, store)
    assert (done.status, done.completed, done.failed) == (Status.CANCELLED, 4, 6)
    assert done.errors[0]["code"] == "key_lost"
    assert last_id(deps) == 4


@pytest.mark.parametrize("how", ["revoked", "gone", "expired"])
def test_batch_whose_key_is_lost_before_it_begins_does_not(
    deps: Deps, fake_clock: FakeClock, how: str
) -> None:
    store = BatchStore(deps.database)
    key = 7 if how == "gone" else a_key(deps, fake_clock() + 10_000 if how == "expired" else 0)
    new_batch(deps, 3, key_id=f"key_{key}")
    if how == "revoked":
        revoke(deps, key)
    fake_clock.advance(11)
    done = run_out(deps, Feeder(deps.batches), store)
    assert (done.status, last_id(deps)) == (Status.CANCELLED, 0)
    assert how in done.errors[0]["message"]


@pytest.mark.parametrize("key_id", ["", "bootstrap"])
def test_operators_own_keys_are_in_no_book(deps: Deps, key_id: str) -> None:
    new_batch(deps, 3, key_id=key_id)
    done = run_out(deps, Feeder(deps.batches), BatchStore(deps.database))
    assert (done.status, done.completed) == (Status.COMPLETED, 3)
