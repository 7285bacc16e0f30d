"""Measurement `backlog`: a hundred thousand jobs wait, and who notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count as count_up
from statistics import median
from typing import Any

import requests

from bench.capacity import recording_llm
from bench.capacity.memory import MIB
from bench.load import stack as stacks
from bench.load.children import Child
from bench.load.clients import CHAT, Target, chat_to, queue_to, warn_of_generator
from bench.load.load import Load
from bench.load.stack import MODEL, QUEUE, Stack
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.rounds import ratio
from bench.terminal import Progress
from shared.queues import names as task_names
from shared.store import redis_keys

_JOBS = 100_000
#: Slots of the one chat worker: ten for queued jobs, two (20 %) kept for interactive calls.
_SLOTS = 12
_CALL_MS = 200
_QUEUEING_CLIENTS = 32
_INTERACTIVE_CLIENTS = 2
_ROUNDS = 4
_SECOND_OWNERS_JOBS = 10
_SECOND_OWNERS_LIMIT_S = 3.0
_PATIENCE_S = 30.0
_ADMIN_SECRET = "ak-bench-admin"
_SECOND = {"Authorization": f"Bearer {_ADMIN_SECRET}"}


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of queueing. `waiting`: jobs in the queue when it began."""

    waiting: int
    load: Load
    gateway_us: float
    redis_us: float


@dataclass(frozen=True, slots=True)
class _Space:
    """Redis's memory (bytes)."""

    used: int
    rss: int


@dataclass(frozen=True, slots=True)
class _Course:
    windows: list[_Window]
    waiting: int
    before: _Space
    full: _Space
    idle: list[Load]
    busy: list[Load]
    second_s: list[float]
    drained_per_s: float


@dataclass(frozen=True, slots=True)
class _Parts:
    """What runs, and who calls it."""

    stack: Stack
    gateway: Child
    queueing: Target
    interactive: Target
    url: str


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting the gateway and one worker")
    limit = {"REPLYTO_OWNER_QUEUE_LIMIT": "200000", "REPLYTO_AUTH_SECRET": _ADMIN_SECRET}
    with stacks.running(
        llm=recording_llm.command_line,
        own_name=f"demo-slow-{_CALL_MS}ms",
        settings=limit,
        # As operators run it: the file is rewritten as it grows.
        steady=False,
    ) as stack:
        gateway, port = stack.gateway()
        stack.completion_worker()
        parts = _Parts(
            stack,
            gateway,
            queue_to(port, stack.headers),
            chat_to(port, stack.headers),
            f"http://127.0.0.1:{port}",
        )
        course = _follow(parts, options, progress)
    return _report(course)


def _follow(parts: _Parts, options: Options, progress: Progress) -> _Course:
    stack, count = parts.stack, _JOBS // 10 if options.quick else _JOBS
    seconds = 5.0 if options.quick else 15.0
    worker = stack.worker("chat1", [QUEUE], _SLOTS)

    def call() -> Load:
        return parts.interactive.load(_INTERACTIVE_CLIENTS, seconds)

    progress.say("interactive calls, nothing waits")
    parts.interactive.load(_INTERACTIVE_CLIENTS, 2.0)
    idle = [call() for _ in range(_ROUNDS // 2)]
    worker.ask_to_stop()
    worker.end()
    before = _space(stack)
    windows = _fill(parts, count, options.load_s, progress)
    waiting, full = _waiting(stack), _space(stack)
    stack.worker("chat2", [QUEUE], _SLOTS)
    began = time.monotonic()
    busy = _rounds("interactive calls", progress, call)
    numbers = count_up(1)
    second_s = _rounds("the second owner's ten", progress, lambda: _second(parts, next(numbers)))
    drained_per_s = (waiting - _waiting(stack)) / (time.monotonic() - began)
    with stack.client() as client:
        client.flushdb()
    progress.say("interactive calls, nothing waits any more")
    idle += [call() for _ in range(_ROUNDS // 2)]
    return _Course(windows, waiting, before, full, idle, busy, second_s, drained_per_s)


def _rounds(what: str, progress: Progress, measure: Callable[[], Any]) -> list[Any]:
    found = []
    for number in range(_ROUNDS):
        progress.say(f"{what} while the backlog is worked on, {number + 1}/{_ROUNDS}")
        found.append(measure())
    return found


def _fill(parts: _Parts, count: int, seconds: float, progress: Progress) -> list[_Window]:
    """Queue jobs, a window of time after the other, until so many wait."""
    ledger, windows = parts.stack.ledger, []
    while (waiting := _waiting(parts.stack)) < count:
        progress.say(f"queueing, {waiting} wait")
        gateway_s, redis_s = parts.gateway.cpu_s, ledger.cpu_s
        load = parts.queueing.load(_QUEUEING_CLIENTS, seconds)
        gateway_us = (parts.gateway.cpu_s - gateway_s) / load.answered * 1e6
        redis_us = (ledger.cpu_s - redis_s) / load.answered * 1e6
        windows.append(_Window(waiting, load, gateway_us, redis_us))
    return windows


def _waiting(stack: Stack) -> int:
    with stack.client() as client:
        line, behind = (
            client.zcard(key(QUEUE, task_names.QUEUED))
            for key in (redis_keys.line, redis_keys.waiting)
        )
    return int(line) + int(behind)  # type: ignore[arg-type,unused-ignore]


def _space(stack: Stack) -> _Space:
    with stack.client() as client:
        info: dict[str, Any] = client.info("memory")
    return _Space(info["used_memory"], info["used_memory_rss"])


def _second(parts: _Parts, number: int) -> float:
    """Queue the second owner's jobs; return the seconds until the LLM had all of them."""
    marker = f"second-owner-{number}"
    began = time.time()
    for n in range(_SECOND_OWNERS_JOBS):
        request = {"model": MODEL, "messages": [{"role": "user", "content": f"{marker}: {n}"}]}
        requests.post(
            f"{parts.url}/api/QueueOpenAiChatCompletion",
            json={"request": request},
            headers=_SECOND,
            timeout=10,
        ).raise_for_status()
    while time.time() < began + _PATIENCE_S:
        moments = [
            call.received_at
            for call in recording_llm.calls(parts.stack.folder)
            if call.prompt.startswith(f"{marker}:")
        ]
        if len(moments) == _SECOND_OWNERS_JOBS:
            return max(moments) - began
        time.sleep(0.5)
    raise BenchmarkFailed(f"the second owner waits since {_PATIENCE_S:g} s")


def _report(course: _Course) -> Report:
    windows = course.windows
    third = max(1, len(windows) // 3)
    first, last = windows[:third], windows[-third:]
    used = course.full.used - course.before.used
    idle_p95 = median(load.p95_ms for load in course.idle)
    busy_p95 = [load.p95_ms for load in course.busy]
    return Report(
        name="backlog",
        title=f"{course.waiting:,} jobs waiting for one model",
        about=(
            f"{_QUEUEING_CLIENTS} clients queue chats of {len(CHAT)} bytes over HTTP with one key "
            "until all wait. Then one chat worker works on them with "
            f"{_SLOTS} slots, two of them kept for interactive calls, and an LLM that takes "
            f"{_CALL_MS} ms: 50 jobs/s. Meanwhile {_INTERACTIVE_CLIENTS} clients make synchronous "
            f"calls of the same model, and then another key queues {_SECOND_OWNERS_JOBS} jobs. "
            "Redis rewrites its append-only file whenever it has doubled, as by default."
        ),
        columns=("", "value"),
        rows=[
            ("enqueue, first third", _rate(first)),
            ("enqueue, last third", _rate(last)),
            ("Redis memory, empty", f"{course.before.used / MIB:.1f} MiB"),
            ("Redis memory, full", f"{course.full.used / MIB:.1f} MiB"),
            ("Redis memory, a waiting job", f"{used / course.waiting:,.0f} bytes"),
            ("Redis RSS, full", f"{course.full.rss / MIB:.1f} MiB"),
            ("interactive call, nothing waits", _latency(course.idle)),
            ("interactive call, backlog", _latency(course.busy)),
            ("the backlog shrinks by", f"{course.drained_per_s:.0f} jobs/s"),
            (
                f"second owner's {_SECOND_OWNERS_JOBS} jobs, until the LLM has the last",
                f"{Spread.of(course.second_s).show(1)} s",
            ),
        ],
        goals=[
            Goal(
                "enqueue rate, full to empty",
                ratio(
                    [_median(w.load.per_s for w in last)], [_median(w.load.per_s for w in first)]
                ),
                now=0.8,
            ),
            Goal(
                "interactive p95, backlog to idle",
                Spread.of([value / idle_p95 for value in busy_p95]),
                now=2,
                at_least=False,
            ),
            Goal(
                "second owner's last job starts within",
                replace(spread := Spread.of(course.second_s), median=spread.high),
                now=_SECOND_OWNERS_LIMIT_S,
                unit="s",
                at_least=False,
            ),
        ],
        notes=warn_of_generator([window.load for window in windows]),
    )


def _rate(windows: list[_Window]) -> str:
    per_s = Spread.of([window.load.per_s for window in windows]).show()
    gateway_us = _median(window.gateway_us for window in windows)
    redis_us = _median(window.redis_us for window in windows)
    return f"{per_s} jobs/s; CPU a job: gateway {gateway_us:.0f} µs, Redis {redis_us:.0f} µs"


def _latency(loads: list[Load]) -> str:
    p50, p95 = (
        Spread.of([load.p50_ms for load in loads]),
        Spread.of([load.p95_ms for load in loads]),
    )
    return f"p50 {p50.show()} ms, p95 {p95.show()} ms"


def _median(values: Iterable[float]) -> float:
    return median(list(values))
