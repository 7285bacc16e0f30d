"""A batch may do what its API key may do now: without any it begins no line, and says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Connection

from shared.api_keys import book
from shared.api_keys.issued import NewKey
from shared.api_keys.limits import Limits
from shared.api_keys.scopes import Scope
from shared.batches.batch import Status
from shared.batches.store import BatchStore
from shared.store import redis_keys as keys
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.test_feeder import answer_all, last_id, new_batch, run_out, state
from workers.batches.feeder import Feeder
from workers.routing import keys_now


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
    monkeypatch.setattr(keys_now, "_REMEMBERED_S", 0.0)
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


def change(deps: Deps, key: int, **values: Any) -> None:
    deps.database.write(lambda connection: book.change(connection, key, values, 1))


def test_batch_whose_key_may_not_chat_any_more_begins_no_further_line(deps: Deps) -> None:
    key, store = a_key(deps), BatchStore(deps.database)
    new_batch(deps, 3, key_id=f"key_{key}")
    change(deps, key, scopes=frozenset((Scope.READ,)))
    done = run_out(deps, Feeder(deps.batches), store)
    assert (done.status, last_id(deps)) == (Status.CANCELLED, 0)
    assert "may not chat" in done.errors[0]["message"]


@pytest.mark.parametrize(
    ("changed", "answered"),
    [
        pytest.param({"models": ("other",)}, 4, id="a model fewer"),
        pytest.param({"limits": Limits(concurrent_jobs=1)}, 4, id="a limit more"),
        pytest.param({"models": ("*",)}, 10, id="nothing that matters"),
    ],
)
def test_lines_that_have_not_begun_are_of_the_key_as_it_is(
    deps: Deps,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    answered: int,
) -> None:
    monkeypatch.setattr(keys_now, "_REMEMBERED_S", 0.0)
    key = a_key(deps)
    new_batch(deps, 10, key_id=f"key_{key}")
    feeder = Feeder(deps.batches)
    feeder()
    change(deps, key, **changed)
    # Another job of it is under way.
    deps.redis.hset(keys.job(7777), "state", "Started")
    deps.redis.zadd(keys.live(f"key_{key}"), {"7777": 1})
    for _ in range(5):
        feeder()
        answer_all(deps)
    assert last_id(deps) == answered


@pytest.mark.parametrize("key_id", ["", "bootstrap"])
def test_operators_own_keys_are_in_no_book(deps: Deps, key_id: str) -> None:
    new_batch(deps, 3, key_id=key_id)
    done = run_out(deps, Feeder(deps.batches), BatchStore(deps.database))
    assert (done.status, done.completed) == (Status.COMPLETED, 3)
