"""Benchmark `batches`: the CPU of a thousand queued chats, in one POST and in a thousand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.load import stack as stacks
from bench.load.children import Child
from bench.load.clients import CHAT
from bench.load.stack import Stack
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.rounds import alternate, ratio
from bench.terminal import Progress

_CHATS = 1_000
#: The clock of /proc ticks a hundred times a second: a turn has to take many of them.
_REPEATS = 8
_WITHOUT_BOUNDS = {"REPLYTO_QUEUE_LIMIT": "10000000", "REPLYTO_OWNER_QUEUE_LIMIT": "10000000"}
_PATH = "/api/QueueOpenAiChatCompletion"
_ONE, _MANY = "one POST of 1,000", "1,000 POSTs of one"


@dataclass(frozen=True, slots=True)
class _Turn:
    gateway_us: float
    redis_us: float

    @property
    def us(self) -> float:
        return self.gateway_us + self.redis_us


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting the gateway")
    with stacks.running(settings=_WITHOUT_BOUNDS) as stack:
        process, port = stack.gateway()
        client = HTTPConnection("127.0.0.1", port)
        sends: dict[str, Callable[[], None]] = {
            _ONE: lambda: _batch(client, stack),
            _MANY: lambda: _singles(client, stack),
        }
        turns = alternate(
            {name: lambda s=send: _turn(s, process, stack) for name, send in sends.items()},  # type: ignore[misc]
            options.rounds,
            progress,
        )
        client.close()
    return _report(turns)


def _turn(send: Callable[[], None], process: Child, stack: Stack) -> _Turn:
    # A ledger of its own for each turn: what waits already makes nobody slower.
    with stack.client() as client:
        client.flushdb()
    send()
    cpu_s, redis_s = process.cpu_s, stack.ledger.cpu_s
    for _ in range(_REPEATS):
        send()
    chats = _CHATS * _REPEATS
    return _Turn(
        (process.cpu_s - cpu_s) / chats * 1e6, (stack.ledger.cpu_s - redis_s) / chats * 1e6
    )


def _batch(client: HTTPConnection, stack: Stack) -> None:
    body = "[" + ",".join([f'{{"request":{CHAT}}}'] * _CHATS) + "]"
    if len(_post(client, stack, f"{_PATH}[]", body)) != _CHATS:
        raise BenchmarkFailed("a batch was not queued whole")


def _singles(client: HTTPConnection, stack: Stack) -> None:
    for _ in range(_CHATS):
        _post(client, stack, _PATH, f'{{"request":{CHAT}}}')


def _post(client: HTTPConnection, stack: Stack, path: str, body: str) -> list[object]:
    headers = {"Content-Type": "application/json", **stack.headers}
    client.request("POST", path, body, headers)
    answer = client.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise BenchmarkFailed(f"{path} answered {answer.status}: {text[:300]!r}")
    told: list[object] = json.loads(text)
    return told


def _report(turns: dict[str, list[_Turn]]) -> Report:
    return Report(
        name="batches",
        title="Batches: the CPU of a queued chat that comes with a thousand others",
        about=(
            "A thousand chats of two messages are queued by one client, in one POST to "
            f"`{_PATH}[]` and in a thousand to `{_PATH}`. No worker runs. CPU time of the gateway "
            "and of Redis, a chat."
        ),
        columns=("how", "gateway µs/job", "Redis µs/job", "together"),
        rows=[
            (
                name,
                Spread.of([turn.gateway_us for turn in own]).show(1),
                Spread.of([turn.redis_us for turn in own]).show(1),
                Spread.of([turn.us for turn in own]).show(1),
            )
            for name, own in turns.items()
        ],
        goals=[
            Goal(
                "CPU of 1,000 POSTs, x one POST of 1,000",
                ratio([one.us for one in turns[_MANY]], [one.us for one in turns[_ONE]]),
                now=5,
            )
        ],
    )
