"""Benchmark `media`: a queued picture from its POST to its callback, beside the provider alone."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.load import stack as stacks
from bench.load.receivers import address
from bench.load.stack import QUEUE, Stack, listening
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.terminal import Progress
from cli.ports import free_port
from shared.queues.names import CALLBACKS_QUEUE

_SETTINGS: Final = {"REPLYTO_CALLBACK_ALLOW_PRIVATE": "true"}
_PATIENCE_S: Final = 20.0
#: How often it is asked whether a callback has come (seconds); when it came the receiver knows.
_LOOK_S: Final = 0.005
_MOST_MS: Final = 15.0
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class _Turn:
    """Medians of some jobs, one after the other (milliseconds)."""

    provider_ms: float
    claimed_ms: float
    answered_ms: float
    whole_ms: float

    @property
    def overhead_ms(self) -> float:
        return self.whole_ms - self.provider_ms


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting everything")
    with stacks.running(llm=_server, settings=_SETTINGS) as stack:
        _, port = stack.gateway()
        stack.completion_worker()
        stack.worker("callbacks", [CALLBACKS_QUEUE], 20)
        stack.worker("chat", [QUEUE], 20)
        receivers = free_port()
        words = [sys.executable, "-m", "bench.load.receivers", str(receivers), "1", "0"]
        child = stack.children.start("receivers", words)
        child.wait_until(listening(receivers, address(0)))
        client = _Client(stack, port, receivers)
        jobs = 20 if options.quick else 60
        _turn(client, 10)
        turns = []
        for number in range(options.rounds):
            progress.say(f"round {number + 1} of {options.rounds}")
            turns.append(_turn(client, jobs))
    return _report(turns)


def _server(port: int, folder: Path) -> list[str]:
    del folder
    return [sys.executable, "-m", "bench.media.picture_server", str(port)]


class _Client:
    """Asks the provider, and ReplyTo; and hears when a callback has come."""

    def __init__(self, stack: Stack, port: int, receivers: int) -> None:
        self._provider = HTTPConnection("127.0.0.1", stack.llm_port)
        self._gateway = HTTPConnection("127.0.0.1", port)
        self._receiver = HTTPConnection(address(0), receivers)
        self._stack, self._reply_to = stack, f"http://{address(0)}:{receivers}/"

    def direct_ms(self) -> float:
        began = time.time()
        body = json.dumps({"model": "bench", "prompt": "a cat"})
        self._provider.request("POST", "/v1/images/generations", body, _JSON)
        self._provider.getresponse().read()
        return (time.time() - began) * 1000

    def queued_ms(self) -> tuple[float, float, float]:
        """Return how long a job took to its claim, to its stored answer, and to its callback."""
        body = json.dumps({"model": "bench", "positivePrompt": "a cat", "replyTo": self._reply_to})
        began_ms = time.time() * 1000
        headers = {**_JSON, **self._stack.headers}
        self._gateway.request("POST", "/api/QueueTextToImage", body, headers)
        answer = self._gateway.getresponse()
        told = json.loads(answer.read())
        if answer.status != 200:
            raise BenchmarkFailed(f"QueueTextToImage answered {answer.status}: {told}")
        came_ms = self._came_ms(int(told["jobId"]))
        with self._stack.client() as client:
            found: Any = client.hmget(f"job:{told['jobId']}", "started_ms", "executed_ms")
        started_ms, executed_ms = map(float, found)
        return started_ms - began_ms, executed_ms - began_ms, came_ms - began_ms

    def _came_ms(self, job_id: int) -> float:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            time.sleep(_LOOK_S)
            self._receiver.request("GET", "/")
            came = dict(json.loads(self._receiver.getresponse().read()))
            if job_id in came:
                return float(came[job_id])
        raise BenchmarkFailed(f"job {job_id} had no callback")


def _turn(client: _Client, jobs: int) -> _Turn:
    measured = [(client.direct_ms(), *client.queued_ms()) for _ in range(jobs)]
    return _Turn(*map(median, zip(*measured, strict=True)))


def _report(turns: list[_Turn]) -> Report:
    overhead = Spread.of([turn.overhead_ms for turn in turns])
    rows: list[tuple[str, ...]] = [
        ("the provider, asked directly", Spread.of([one.provider_ms for one in turns]).show(1)),
        ("ReplyTo, to the worker's claim", Spread.of([one.claimed_ms for one in turns]).show(1)),
        ("ReplyTo, to the stored answer", Spread.of([one.answered_ms for one in turns]).show(1)),
        ("ReplyTo, to the callback", Spread.of([one.whole_ms for one in turns]).show(1)),
        ("beyond the provider's own", overhead.show(1)),
    ]
    return Report(
        name="media",
        title="Media: a queued picture, from its POST to its callback",
        about=(
            "One job after the other: `QueueTextToImage` with a `replyTo`, a provider that answers "
            "at once with a picture of 1 MiB in base64, each time another one, which the worker "
            "decodes, keeps as a file and makes a reference of; then the signed callback. Beside "
            "it such a picture from the provider itself. One gateway, one worker for the model, "
            "one for completion, one for callbacks, SQLite, files in a folder."
        ),
        columns=("p50 of", "ms"),
        rows=rows,
        goals=[
            Goal("picture, beyond its provider, p50", overhead, _MOST_MS, unit="ms", at_least=False)
        ],
    )
