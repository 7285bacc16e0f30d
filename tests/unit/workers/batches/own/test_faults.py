"""Lines in providers' own batches: each answered once and paid once, whatever happens there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.batches.batch import Status
from shared.batches.parts import PartStore
from shared.batches.store import BatchStore
from shared.errors import DatabaseUnavailable
from tests.support.factories import FakeClock
from tests.support.servers.batch_server import refuse
from tests.support.servers.openai_batches import OpenAiBatchServer
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.own.stage import (
    HALF,
    POLL_S,
    costs,
    new_batch,
    new_feeder,
    run_out,
    said,
    submits,
)
from tests.unit.workers.batches.test_feeder import last_id, state


def test_answer_that_is_lost_buys_nothing_twice(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    is_submit, lost = submits(server), []

    def lose(method: str, path: str) -> None:
        if is_submit(method, path) and not lost:
            lost.append(path)
            refuse(502)

    server.after = lose
    new_batch(deps, "a", "b")
    feeder = new_feeder(deps)
    feeder()
    for _ in range(4):
        fake_clock.advance(POLL_S)
        feeder()
    # There is just the one that nobody was told of.
    server.run(server.only)
    server.end(server.only)
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["You said: a 0", "You said: b 1"]
    assert len([call for call in server.calls if is_submit(*call)]) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("at", "call"), [("plan", 0), ("save", 0), ("save", 1), ("end", 0)])
def test_whatever_dies_each_line_is_bought_once(
    deps: Deps,
    store: BatchStore,
    server: Any,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    call: int,
    when: str,
) -> None:
    works, calls = getattr(PartStore, at), iter(range(10_000))

    def dies(*args: Any, **more: Any) -> Any:
        falls = next(calls) == call
        if falls and when == "before":
            raise DatabaseUnavailable
        result = works(*args, **more)
        if falls:
            raise DatabaseUnavailable
        return result

    monkeypatch.setattr(PartStore, at, dies)
    new_batch(deps, "a", "b", "c")
    for _ in range(6):
        # Each time another process.
        new_feeder(deps)()
        fake_clock.advance(200)
    for batch in server.batches.values():
        server.run(batch)
        server.end(batch)
    done = run_out(deps, store, fake_clock, server)
    assert (done.status, done.completed) == (Status.COMPLETED, 3)
    assert "singly" not in said(deps, done.output_file_id).values()
    assert len([call for call in server.calls if submits(server)(*call)]) == 1
    assert costs(deps) == [("cheap", HALF)] * 3


def test_batch_of_somebody_else_is_not_taken_for_ours(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    if isinstance(server, OpenAiBatchServer):
        pytest.skip("its batches say whose they are")
    server.after = lambda method, path: refuse(502) if submits(server)(method, path) else None
    new_batch(deps, "a", "b")
    feeder = new_feeder(deps)
    feeder()
    own = server.only
    foreign = replace(
        own,
        id="msgbatch_99",
        requests={f"x{n}": own.requests[k] for n, k in enumerate(own.requests)},
    )
    foreign.results = {}
    foreign.created += 10
    server.batches[foreign.id] = foreign
    server.after = lambda _method, _path: None
    for batch in (own, foreign):
        server.run(batch)
        server.end(batch)
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["You said: a 0", "You said: b 1"]
    assert list(server.batches) == [foreign.id]


@pytest.mark.parametrize(("status", "singly"), [(400, True), (429, False)])
def test_refusal_of_all_is_singly_and_of_now_is_later(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock, status: int, singly: bool
) -> None:
    refused: list[int] = []

    def once(method: str, path: str) -> None:
        if submits(server)(method, path) and not refused:
            refused.append(status)
            refuse(status)

    server.before = once
    new_batch(deps, "a")
    feeder = new_feeder(deps)
    feeder()
    for _ in range(3):
        fake_clock.advance(POLL_S)
        feeder()
    assert (last_id(deps) == 2, len(server.batches)) == (singly, 0 if singly else 1)


def test_batch_that_fails_as_a_whole_runs_singly(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    if not isinstance(server, OpenAiBatchServer):
        pytest.skip("there is no such end")
    new_batch(deps, "a", "b")
    new_feeder(deps)()
    server.fail(server.only)
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["singly", "singly"]


def test_provider_that_is_away_is_asked_again_and_its_answers_are_not_given_up(
    deps: Deps, store: BatchStore, server: Any, fake_clock: FakeClock
) -> None:
    new_batch(deps, "a")
    feeder = new_feeder(deps)
    feeder()
    server.run(server.only)
    server.end(server.only)
    for status in (503, 401, 429):
        server.before = lambda _method, _path, status=status: refuse(status)
        fake_clock.advance(700)
        feeder()
        assert last_id(deps) == 1
        assert "Its batch at cheap is tried again" in state(store).errors[0]["message"]
    server.before = lambda _method, _path: None
    fake_clock.advance(700)
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["You said: a 0"]


def test_what_nobody_has_foreseen_is_put_off_told_and_then_over(
    deps: Deps,
    store: BatchStore,
    server: Any,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    new_batch(deps, "a")
    kind = "openai" if isinstance(server, OpenAiBatchServer) else "anthropic"
    feeder, api = new_feeder(deps), type(deps.batches.own.apis[kind])
    feeder()
    server.run(server.only)
    server.end(server.only)
    looks: list[int] = []

    def look(*_: Any) -> None:
        looks.append(1)
        raise KeyError("a form that nobody knows")

    with monkeypatch.context() as wrong:
        wrong.setattr(api, "look", look)
        fake_clock.advance(POLL_S)
        for _ in range(3):
            feeder()
    assert len(looks) == 1
    assert [one for one in caplog.messages if "left out" in one] == [
        "part of batch batch_1, 1: left out: KeyError: 'a form that nobody knows'"
    ]
    assert [one["code"] for one in state(store).errors] == ["no_progress"]
    fake_clock.advance(POLL_S)
    feeder()
    assert state(store).errors == ()
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["You said: a 0"]
