"""Benchmark `overrides`: what each lean step is still worth, against its library's own way.

In one process and by its CPU time, with a real Redis: calls of the gateway's application that queue
a job, and requests to an LLM that answers at once. One with all lean steps stands beside one
without the step, in turn.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import requests
from pydantic import SecretStr
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from bench.load import stack as stacks
from bench.load.stack import Stack
from bench.options import Options
from bench.result import Report, Spread
from bench.rounds import alternate, ratio
from bench.terminal import Progress
from gateway.app import create_app
from gateway.lean import STEPS as OF_GATEWAYS
from gateway.services import services_on
from shared.database.database import Database
from shared.lean import Step, without
from shared.providers.provider import read_file
from shared.security.sealing import new_encryption_key
from shared.settings import Settings, new_callback_secret
from shared.store.client import GATEWAY_TIMEOUT_S, connect
from workers.lean import STEPS as OF_WORKERS
from workers.providers.connections import Adapter

_CALLS: Final = 100
_CHAT: Final = {"model": "bench", "messages": [{"role": "user", "content": "What is it?"}]}
_LEAN: Final = "lean"


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    rounds = 3 if options.quick else 15
    with stacks.running() as stack:
        rows = _measured(OF_GATEWAYS, lambda: _queueing(stack), rounds, progress)
        rows += _measured(OF_WORKERS[:4], lambda: _asking(stack), rounds, progress)
    return Report(
        name="overrides",
        title="Overrides: what each lean step is worth",
        about="CPU time of one call without the step, as a multiple of that with all of them: "
        "queueing a job for the gateway's, a request to an LLM for the worker's. One that stays "
        "under 1.03 in quiet rounds has outlived its library and is taken out (docs/adr/0053).",
        columns=("step", "lean, µs a call", "library's, µs a call", "ratio"),
        rows=rows,
    )


def _measured(
    steps: Sequence[Step], make: Callable[[], Callable[[], Any]], rounds: int, progress: Progress
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    everything = Step("all of these", tuple(part for step in steps for part in step.parts))
    lean = make()
    for step in (*steps, everything):
        with without(step):
            plain = make()
        found = alternate(
            {_LEAN: lambda: _cpu_us(lean, None), step.name: lambda s=step, p=plain: _cpu_us(p, s)},  # type: ignore[misc]
            rounds,
            progress,
        )
        worth = ratio(found[step.name], found[_LEAN])
        times = (Spread.of(found[_LEAN]).show(), Spread.of(found[step.name]).show())
        rows.append((step.name, *times, worth.show(3)))
    return rows


def _cpu_us(call: Callable[[], Any], step: Step | None) -> float:
    """Return the CPU time of a call in this thread (microseconds)."""
    with without(step) if step else nullcontext():
        call()
        gc.collect()
        began = time.thread_time()
        for _ in range(_CALLS):
            call()
        return (time.thread_time() - began) / _CALLS * 1e6


def _settings(stack: Stack) -> Settings:
    return Settings(  # type: ignore[call-arg,unused-ignore]
        redis_url=stack.redis_url,
        data_dir=stack.folder,
        providers_file=stack.folder / "providers.toml",
        api_key=SecretStr(stacks.API_KEY),
        auth_secret=SecretStr("bench"),
        callback_secret=SecretStr(new_callback_secret()),
        encryption_key=SecretStr(new_encryption_key()),
        queue_limit=10_000_000,
        owner_queue_limit=10_000_000,
    )


def _queueing(stack: Stack) -> Callable[[], None]:
    """Return a call that has a gateway accept a job; its connections are its own."""
    settings = _settings(stack)
    client = connect(settings.redis_address, timeout_s=GATEWAY_TIMEOUT_S, name="bench")
    database = Database(f"sqlite:///{Path(tempfile.mkdtemp()) / 'history.db'}")
    file = read_file(settings.providers_file)
    app = create_app(services_on(client, database, settings, file, {}))
    body = json.dumps({"request": _CHAT}).encode()
    environ = EnvironBuilder(
        method="POST",
        path="/api/QueueOpenAiChatCompletion",
        headers=Headers(stack.headers),
        content_type="application/json",
        data=body,
    ).get_environ()

    def call() -> None:
        told: list[str] = []
        one = {**environ, "wsgi.input": BytesIO(body)}
        answer = app.wsgi_app(one, lambda status, *_: told.append(status))  # type: ignore[arg-type]
        assert b"".join(answer), told
        assert told[0].startswith("20"), told

    return call


def _asking(stack: Stack) -> Callable[[], None]:
    """Return a call that asks the LLM, by connections of its own."""
    session, adapter = requests.Session(), Adapter()
    request = session.prepare_request(
        requests.Request(
            "POST", f"http://127.0.0.1:{stack.llm_port}/v1/chat/completions", json=_CHAT
        )
    )

    def call() -> None:
        assert adapter.send(request, timeout=10).content

    return call
