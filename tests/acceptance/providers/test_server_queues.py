"""Servers with a line of their own and a prefix cache: batches stay out of the one, use the other.

What takes a minute and wants a calm machine runs by `make test-adaptive` alone.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, quantiles
from typing import Any, Final

import pytest
from openai import OpenAI

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack
from tests.support.servers.queueing import QueueingServer

_MODEL: Final = "queueing"
_on_a_calm_machine: Final = pytest.mark.skipif(
    not os.environ.get("REPLYTO_TEST_ADAPTIVE"), reason="`make test-adaptive` runs this"
)


@contextmanager
def _served(*servers: QueueingServer) -> Iterator[None]:
    for server in servers:
        server.start()
    try:
        yield
    finally:
        for server in servers:
            server.stop()


def test_bulk_work_waits_for_a_servers_own_queue_and_others_do_not(stack: Stack) -> None:
    secret = (stack.directory / "auth_secret").read_text("utf-8").strip()
    server = QueueingServer()
    server.others, began_s = 3, time.monotonic()
    with _served(server), stack.api(secret) as admin, stack.api() as api:
        made = {"name": _MODEL, "apiBaseUrl": server.url, "selectedModels": [_MODEL]}
        answer = admin.post(
            "/api/CreateAiProvider", json={**made, "metricsUrl": server.metrics_url}
        )
        assert answer.ok, answer.text
        try:
            until(lambda: _row(admin).get("waitingThere") == 3, "what waits there is known")
            seen = len(server.looks)
            until(lambda: len(server.looks) > seen, "every process has heard of it")
            batch = _batch(stack, [f"line {n}" for n in range(6)])
            until(lambda: _bulk(admin) == 6, "the lines are in line")
            queued = api.queue(chat(_MODEL, "queued"))["id"]
            assert api.post("/v1/chat/completions", json=chat(_MODEL, "now")).ok
            api.until_ended(queued)
            assert sorted(server.texts()) == ["now", "queued"]
            server.others = 0
            _end(stack, batch)
            assert len(server.calls) == 8
            # One a second, whoever has the turn; how long each takes to arrive says nothing.
            assert len(server.looks) <= time.monotonic() - began_s + 2
        finally:
            admin.delete("/api/DeleteAiProvider", json={"name": _MODEL})


def _row(admin: Api) -> dict[str, Any]:
    rows = admin.get("/api/GetOverview").json()["providers"]
    return next((row for row in rows if row["name"] == _MODEL), {})


def _bulk(admin: Api) -> int:
    rows = admin.get("/api/GetOverview").json()["waiting"]
    return sum(row["bulk"] for row in rows if row["model"] == _MODEL)


def _batch(stack: Stack, said: Sequence[str], systems: Sequence[str] = ()) -> str:
    lines = []
    for n, text in enumerate(said):
        body = chat(_MODEL, text)
        if systems:
            body["messages"].insert(0, {"role": "system", "content": systems[n]})
        call = {"custom_id": f"{n}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        lines.append(json.dumps(call) + "\n")
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        file = client.files.create(file=("in.jsonl", "".join(lines).encode()), purpose="batch")
        made = client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
    return made.id


def _end(stack: Stack, batch_id: str) -> None:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        until(
            lambda: client.batches.retrieve(batch_id).status == "completed",
            "the batch is completed",
            every_s=0.2,
        )


# --- by `make test-adaptive` ----------------------------------------------------------------


def _stack(
    directory: Path, *servers: QueueingServer, tell: bool = False, learn: bool = False
) -> Stack:
    rows = [
        f'[[provider]]\nname = "s{n}"\nbase_url = "{server.url}"\nmodels = ["{_MODEL}"]\n'
        + (f'metrics_url = "{server.metrics_url}"\n' if tell else "")
        + ("adaptive = true\n" if learn else "")
        for n, server in enumerate(servers)
    ]
    return Stack(directory, demo_models=(), providers="\n".join(rows))


def _p95_ms(api: Api, calls: int) -> float:
    took = []
    for _ in range(calls):
        began_s = time.monotonic()
        assert api.post("/v1/chat/completions", json=chat(_MODEL, "now")).ok
        took.append((time.monotonic() - began_s) * 1000)
        time.sleep(0.1)
    return quantiles(took, n=20)[-1]


@_on_a_calm_machine
@pytest.mark.parametrize(
    ("tell", "learn"),
    [(True, False), (True, True), (False, False)],
    ids=["asked", "asked, and its limit learned", "not asked"],
)
def test_interactive_calls_beside_a_batch_at_a_server_with_a_line(
    tmp_path: Path, *, tell: bool, learn: bool
) -> None:
    """Room for 16 calls of half a second: 32 a second. What is not asked is told for comparison."""
    server = QueueingServer(room=16, call_s=0.5)
    with (
        _served(server),
        _stack(tmp_path, server, tell=tell, learn=learn) as stack,
        stack.open().api() as api,
    ):
        idle_ms = _p95_ms(api, 8)
        _batch(stack, [f"line {n}" for n in range(3000)])
        until(lambda: len(server.calls) > 100, "the batch runs")
        before, began_s, waiting = len(server.calls), time.monotonic(), []
        watching = threading.Thread(target=lambda: waiting.extend(_watch(server, 12)))
        watching.start()
        busy_ms = _p95_ms(api, 12)
        watching.join()
        share = (len(server.calls) - before) / (time.monotonic() - began_s) / 32
        print(  # noqa: T201 - its numbers
            f"\nroom 16, asked: {tell}, learned: {learn}: {mean(waiting):.1f} wait there "
            f"({max(waiting)} at most), {share:.0%} of its room used; interactive p95 "
            f"{busy_ms:.0f} ms, idle {idle_ms:.0f} ms"
        )
        if tell:
            assert mean(waiting) <= 16
            assert share >= 0.5


def _watch(server: QueueingServer, seconds: float) -> list[int]:
    found, until_s = [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        found.append(server.waiting)
        time.sleep(0.05)
    return found


@_on_a_calm_machine
def test_lines_with_one_system_prompt_meet_at_one_cache(tmp_path: Path) -> None:
    """Two replicas that remember 4 beginnings each; 1,500 lines with 12 system prompts, mixed."""
    servers = [QueueingServer(room=16, call_s=0.05, prefixes=4, prefill_s=0.2) for _ in range(2)]
    systems = [f"You are expert number {n}. " + "Answer in one word. " * 60 for n in range(12)]
    with _served(*servers), _stack(tmp_path, *servers) as stack:
        stack.open()
        began_s = time.monotonic()
        said = [f"line {n}" for n in range(1500)]
        _end(stack, _batch(stack, said, [systems[(n * 7) % 12] for n in range(1500)]))
        took_s = time.monotonic() - began_s
        hits, misses = (sum(getattr(one, name) for one in servers) for name in ("hits", "misses"))
        print(f"\n{hits / (hits + misses):.0%} of the prompts known, {took_s:.1f} s")  # noqa: T201
        assert hits + misses == 1500
        assert hits >= 0.85 * 1500
