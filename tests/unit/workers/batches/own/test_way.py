"""Lines in providers' own batches: where they go, and how they come back."""

from __future__ import annotations

from typing import Any

import pytest

from shared.batches.batch import Status
from shared.batches.parts import PartStore
from shared.batches.store import BatchStore
from tests.support.factories import FakeClock
from tests.support.servers.openai_batches import OpenAiBatchServer
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.own.stage import (
    DAY_S,
    HALF,
    costs,
    new_batch,
    new_feeder,
    run_out,
    said,
)
from tests.unit.workers.batches.test_feeder import last_id, lines_of, state
from workers.batches.own import deciding
from workers.batches.own.deciding import decide
from workers.batches.validating import Validation


def test_lines_go_to_the_providers_batch_and_come_back_at_its_price(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    new_batch(deps, "a", "b", "refuse me", "d", models_of=["m", "m", "m", "n"])
    new_feeder(deps)()
    batch = server.only
    assert len(batch.requests) == 3
    assert last_id(deps) == 3 + 1
    assert state(store).completed == 0
    calls = len(server.calls)
    new_feeder(deps)()
    assert len(server.calls) == calls
    server.run(batch)
    server.end(batch)
    done = run_out(deps, store, fake_clock, server)
    assert (done.status, done.completed, done.failed) == (Status.COMPLETED, 4, 0)
    # What was refused there was asked singly.
    told = said(deps, done.output_file_id)
    assert list(told) == ["c0", "c1", "c2", "c3"]
    assert list(told.values()) == ["You said: a 0", "You said: b 1", "singly", "singly"]
    assert costs(deps)[:2] == [("cheap", HALF)] * 2
    assert done.usage is not None
    assert done.usage["input_tokens"] == 2000
    if isinstance(server, OpenAiBatchServer):
        assert server.files == {}
    else:
        assert server.batches == {}


def test_large_batch_is_decided_step_by_step_whatever_changes_meanwhile(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock, monkeypatch: Any
) -> None:
    monkeypatch.setattr(deciding, "_PAGE", 1)
    monkeypatch.setattr(deciding, "_PAGES", 2)
    new_batch(deps, "a", "b", "c", "d", "e")
    Validation(deps.batches).move(state(store))
    assert decide(deps.batches, state(store)) is None
    assert [part.count for part in PartStore(deps.database).of("batch_1")] == [2]
    # From now on no provider takes batches: what was planned runs singly with the rest.
    cheap, other = deps.registry.providers
    deps.registry.replace([cheap.model_copy(update={"batch": False}), other])
    done = run_out(deps, store, fake_clock, server)
    assert (done.status, done.completed, done.failed) == (Status.COMPLETED, 5, 0)
    assert set(said(deps, done.output_file_id).values()) == {"singly"}
    assert server.batches == {}


def test_batch_that_is_cancelled_while_it_is_decided_ends(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock, monkeypatch: Any
) -> None:
    monkeypatch.setattr(deciding, "_PAGE", 1)
    monkeypatch.setattr(deciding, "_PAGES", 2)
    new_batch(deps, "a", "b", "c")
    Validation(deps.batches).move(state(store))
    assert decide(deps.batches, state(store)) is None
    store.save(state(store).at(Status.CANCELLING, 1))
    done = run_out(deps, store, fake_clock, server)
    assert (done.status, done.failed, server.batches) == (Status.CANCELLED, 3, {})


def test_what_expired_there_runs_singly(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    new_batch(deps, "a", "b", "c")
    new_feeder(deps)()
    names = list(server.only.requests)
    server.run(server.only, names[1:2])
    server.end(server.only, "expired")
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["singly", "You said: b 1", "singly"]
    assert costs(deps) == [("cheap", HALF)]


def test_batch_of_little_time_left_is_taken_back_from_the_provider(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    new_batch(deps, "a", "b")
    feeder = new_feeder(deps)
    feeder()
    batch = server.only
    fake_clock.advance(DAY_S - 7100)
    feeder()
    assert batch.status in ("cancelling", "canceling")
    server.run(batch, list(batch.requests)[:1])
    server.end(batch, "cancelled" if isinstance(server, OpenAiBatchServer) else "canceled")
    done = run_out(deps, store, fake_clock, server)
    assert done.status is Status.COMPLETED
    assert list(said(deps, done.output_file_id).values()) == ["You said: a 0", "singly"]


@pytest.mark.parametrize("has_ended", [False, True])
def test_cancelled_batch_keeps_what_the_provider_had_answered(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock, has_ended: bool
) -> None:
    new_batch(deps, "a", "b", "c")
    new_feeder(deps)()
    batch = server.only
    server.run(batch, list(batch.requests)[:2])
    if has_ended:
        # It comes before the cancelling: what is over stays as it is.
        server.end(batch, "expired")
    store.save(state(store).at(Status.CANCELLING, deps.clock()))
    new_feeder(deps)()
    if not has_ended:
        assert state(store).status is Status.CANCELLING
        assert batch.status in ("cancelling", "canceling")
        server.end(batch, "cancelled" if isinstance(server, OpenAiBatchServer) else "canceled")
    done = run_out(deps, store, fake_clock, server)
    assert (done.status, done.completed, done.failed) == (Status.CANCELLED, 2, 1)
    (left,) = lines_of(deps, done.error_file_id)
    assert left["error"]["code"] == "batch_cancelled"


def test_who_wishes_the_providers_batch_alone_gets_no_single_calls(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    models = ["m", "m", "n"]
    wish = {"replyto_batch": "provider"}
    new_batch(deps, "a", "refuse me", "c", models_of=models, metadata=wish)
    new_feeder(deps)()
    server.run(server.only)
    server.end(server.only)
    done = run_out(deps, store, fake_clock, server)
    assert (done.completed, done.failed) == (1, 2)
    refused, unable = lines_of(deps, done.error_file_id)
    assert (refused["error"]["code"], refused["error"]["message"]) == (
        "provider_batch_failed",
        "No.",
    )
    assert unable["error"]["code"] == "provider_batch_unavailable"


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {"replyto_batch": "single"}},
        {"lasts_s": 3600},
        {"limits": {"requests_per_minute": 100}, "key_id": "k"},
    ],
    ids=["wished", "a short window", "a key with limits"],
)
def test_batch_that_runs_singly_asks_no_provider_for_its_own(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock, more: dict[str, Any]
) -> None:
    new_batch(deps, "a", "b", **more)
    done = run_out(deps, store, fake_clock, server)
    assert (done.completed, server.calls) == (2, [])
