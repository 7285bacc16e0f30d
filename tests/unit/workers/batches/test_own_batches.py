"""Lines in providers' own batches: each answered once and paid once, whatever happens there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select

from shared.batches.batch import Batch, Status
from shared.batches.parts import PartStore
from shared.batches.store import BatchStore
from shared.errors import DatabaseUnavailable
from shared.history.tables import jobs
from shared.providers.prices import Price, Prices
from shared.providers.provider import Provider
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from tests.support.servers.anthropic_batches import AnthropicBatchServer
from tests.support.servers.batch_server import BatchServer, refuse
from tests.support.servers.openai_batches import OpenAiBatchServer
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.test_feeder import answer_all, last_id, lines_of, state
from workers.batches.feeder import Feeder

DAY_S = 86_400
POLL_S = 31


@pytest.fixture(params=["openai", "anthropic"])
def server(request: pytest.FixtureRequest) -> Iterator[BatchServer]:
    made = OpenAiBatchServer() if request.param == "openai" else AnthropicBatchServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(artifacts=str(tmp_path / "files"), storage_free_bytes=0, queue_limit=1000)


@pytest.fixture
def deps(
    fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, server: BatchServer
) -> Deps:
    kind = "openai" if isinstance(server, OpenAiBatchServer) else "anthropic"
    cheap = {
        "name": "cheap",
        "type": kind,
        "base_url": f"{server.url}/v1",
        "models": {"m": "claude-sonnet-4-5"},
        "api_key_env": "BATCH_KEY",
        "batch": True,
        "priority": 2,
    }
    other = {"name": "other", "base_url": "http://127.0.0.1:1/v1", "models": ["m", "n"]}
    deps = worker_deps.build(
        fake_redis,
        settings,
        fake_clock,
        worker_deps.FakeLlm(),
        providers=list(map(Provider.model_validate, (cheap, other))),
        environment={"BATCH_KEY": server.key},
        prices=Prices({"m": Price(input=2.0, output=10.0)}),
    )
    return replace(deps, sleep=lambda _: None)


@pytest.fixture
def store(deps: Deps) -> BatchStore:
    return BatchStore(deps.database)


def line(number: int, model: str, said: str) -> bytes:
    content = f"{said} {number}"
    body = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": content}]}
    call = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions"}
    return json.dumps({**call, "body": body}).encode() + b"\n"


def new_batch(deps: Deps, *said: str, model: str = "m", **more: Any) -> Batch:
    models = more.pop("models_of", [model] * len(said))
    text = [line(n, models[n], one) for n, one in enumerate(said)]
    file = deps.artifacts.receive(text, owner="a", name="in.jsonl", purpose="batch")
    now_s = deps.clock()
    expires_at = int(now_s) + more.pop("lasts_s", DAY_S)
    batch = Batch(
        id="batch_1",
        owner="a",
        status=Status.VALIDATING,
        created=now_s,
        endpoint="/v1/chat/completions",
        input_file_id=file.id,
        expires_at=expires_at,
        **more,
    )
    deps.artifacts.hold(file.id, batch.id)
    BatchStore(deps.database).create(batch)
    return batch


def new_feeder(deps: Deps) -> Feeder:
    """Return one of another process; whoever fed before is dead."""
    deps.redis.delete(keys.BATCH_LEASE)
    return Feeder(deps.batches)


def run_out(deps: Deps, store: BatchStore, clock: FakeClock, server: BatchServer) -> Batch:
    """Let time pass until the batch is over; single calls are answered."""
    feeder = new_feeder(deps)
    for _ in range(60):
        feeder()
        if state(store).status.is_final and not state(store).to_tell:
            return state(store)
        answer_all(deps)
        answer_all(deps, "n")
        clock.advance(POLL_S)
    raise AssertionError((state(store), server.calls[-5:]))


def costs(deps: Deps) -> list[tuple[str, int]]:
    """Return who answered in the history, and at what cost."""
    query = select(jobs.c.provider, jobs.c.cost_nanos).order_by(jobs.c.id)
    rows = deps.database.read(lambda connection: connection.execute(query).all())
    return [(row.provider, row.cost_nanos) for row in rows]


def said(deps: Deps, file_id: str) -> dict[str, str]:
    told = {}
    for row in lines_of(deps, file_id):
        body = row["response"]["body"]
        choice = body["choices"][0]
        told[row["custom_id"]] = choice["message"]["content"] if choice != 1.0 else "singly"
    return told


#: 1,000 tokens in and 500 out at 2 and 10 a million, for half.
HALF = round((1000 * 2 + 500 * 10) * 1000 * 0.5)


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


# --- faults -----------------------------------------------------------------------------------


def submits(server: BatchServer) -> Callable[[str, str], bool]:
    path = "/v1/batches" if isinstance(server, OpenAiBatchServer) else "/v1/messages/batches"
    return lambda method, asked: (method, asked) == ("POST", path)


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
    server.before = lambda _method, _path: None
    fake_clock.advance(700)
    done = run_out(deps, store, fake_clock, server)
    assert list(said(deps, done.output_file_id).values()) == ["You said: a 0"]
