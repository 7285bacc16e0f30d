"""What tests of providers' own batches have in common: a batch, its way, what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from shared.batches.batch import Batch
from shared.batches.store import BatchStore
from shared.history.tables import jobs
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock
from tests.support.servers.batch_server import BatchServer
from tests.support.servers.openai_batches import OpenAiBatchServer
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.stored import stored_batch
from tests.unit.workers.batches.test_feeder import answer_all, lines_of, state
from workers.batches.feeder import Feeder

DAY_S = 86_400
POLL_S = 31


def line(number: int, model: str, said: str) -> bytes:
    content = f"{said} {number}"
    body = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": content}]}
    call = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions"}
    return json.dumps({**call, "body": body}).encode() + b"\n"


def new_batch(deps: Deps, *said: str, model: str = "m", **more: Any) -> Batch:
    models = more.pop("models_of", [model] * len(said))
    text = [line(n, models[n], one) for n, one in enumerate(said)]
    return stored_batch(deps, text, more.pop("lasts_s", DAY_S), **more)


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


def submits(server: BatchServer) -> Callable[[str, str], bool]:
    path = "/v1/batches" if isinstance(server, OpenAiBatchServer) else "/v1/messages/batches"
    return lambda method, asked: (method, asked) == ("POST", path)
