"""Benchmark `callbacks`: how fast one worker delivers, and what hanging receivers do to others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.load import stack as stacks
from bench.load.callback_load import CallbackLoad
from bench.load.children import Child
from bench.load.stack import Stack
from bench.options import Options
from bench.result import Goal, Report, Spread
from bench.rounds import alternate, ratio
from bench.terminal import Progress
from shared.queues.names import CALLBACKS_QUEUE

_CONCURRENCY = 1000
#: Of the turns that ask how fast: receivers, and jobs a second.
_FAST_RECEIVERS = 50
_PER_S = 500.0
_BACKLOG = 3000
#: Of the turns that ask who is held up: receivers, of whom half may hang, and jobs a second.
_RECEIVERS = 1000
_SPREAD_PER_S = 150.0
#: Jobs for one of the hanging receivers, all at once, before the others.
_FLOOD = 500
_STEADY, _WITHOUT, _WITH = "500 a second", "1,000 receivers, all answer", "half of them hang"
_SETTINGS = {"REPLYTO_CALLBACK_ALLOW_PRIVATE": "true", "REPLYTO_LEASE_S": "3600"}


@dataclass(frozen=True, slots=True)
class _Turn:
    p50_ms: float
    p99_ms: float
    worker_us: float


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting the workers")
    with stacks.running(settings=_SETTINGS) as stack:
        stack.completion_worker()
        worker = stack.worker("callbacks", [CALLBACKS_QUEUE], _CONCURRENCY)
        progress.say("warming up")
        _steady(stack, worker, 2.0)
        progress.say("emptying backlogs")
        rounds, seconds = (2, 4.0) if options.quick else (3, 8.0)
        backlogs = {
            count: [_backlog(stack, worker, count) for _ in range(rounds)]
            for count in (_FAST_RECEIVERS, 1)
        }
        turns = alternate(
            {
                _STEADY: lambda: _steady(stack, worker, seconds),
                _WITHOUT: lambda: _spread(stack, worker, seconds, hanging=0),
                _WITH: lambda: _spread(stack, worker, seconds, hanging=_RECEIVERS // 2),
            },
            rounds,
            progress,
        )
    return _report(turns, backlogs)


def _backlog(stack: Stack, worker: Child, receivers: int) -> float:
    """Return how many deliveries a second a backlog is worked off with."""
    load = CallbackLoad(stack, receivers)
    # One each first: to receivers that nobody knows there is only one attempt at once.
    load.start(range(receivers))
    load.execute()
    load.latencies_ms(receivers)
    load.reset()
    load.start([n % receivers for n in range(_BACKLOG)])
    worker.pause()
    load.execute()
    load.wait_until_completed()
    worker.resume()
    per_s = _BACKLOG / load.seconds()
    load.forget()
    return per_s


def _steady(stack: Stack, worker: Child, seconds: float) -> _Turn:
    load = CallbackLoad(stack, _FAST_RECEIVERS)
    count = int(_PER_S * seconds)
    load.start([n % _FAST_RECEIVERS for n in range(count)])
    return _turn(load, worker, _PER_S, count, _FAST_RECEIVERS)


def _spread(stack: Stack, worker: Child, seconds: float, *, hanging: int) -> _Turn:
    """Measure the callbacks to the first half of the receivers; the second half may hang."""
    load = CallbackLoad(stack, _RECEIVERS - hanging, hanging)
    if hanging:
        load.start([_RECEIVERS - 1] * _FLOOD)
        load.execute()
    count = int(_SPREAD_PER_S * seconds)
    # To each half in turn, so that the answering half has the same to do in both cases.
    half = _RECEIVERS // 2
    load.start([(n // 2) % half + (n % 2) * half for n in range(count)])
    return _turn(load, worker, _SPREAD_PER_S, count, half)


def _turn(load: CallbackLoad, worker: Child, per_s: float, count: int, receivers: int) -> _Turn:
    cpu_s = worker.cpu_s
    load.execute(per_s)
    took = sorted(load.latencies_ms(receivers))
    cpu_s = worker.cpu_s - cpu_s
    load.forget()
    return _Turn(median(took), _percentile(took, 0.99), cpu_s / count * 1e6)


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * share) - 1)]


def _report(turns: dict[str, list[_Turn]], backlogs: Mapping[int, Sequence[float]]) -> Report:
    p99 = {name: [turn.p99_ms for turn in own] for name, own in turns.items()}
    rows: list[tuple[str, ...]] = [
        (
            name,
            Spread.of([turn.p50_ms for turn in own]).show(),
            Spread.of(p99[name]).show(),
            Spread.of([turn.worker_us for turn in own]).show(),
        )
        for name, own in turns.items()
    ]
    return Report(
        name="callbacks",
        title="Callbacks: from Executed to the receiver",
        about=(
            "Jobs are executed at a steady pace; the completion worker and one callbacks worker "
            f"({_CONCURRENCY} slots) do the rest. The receivers are one process, each at an "
            "address of its own on the loopback. Shown is the time from the moment the job was "
            f"executed until its signed callback came in. The first row sends {_PER_S:g} a second "
            f"to {_FAST_RECEIVERS} receivers. The others send {_SPREAD_PER_S:g} a second to "
            f"{_RECEIVERS:,} receivers that nobody has met before, and show the first half of "
            "them; in the last row each of the second half takes the callback and never answers, "
            f"and {_FLOOD} more wait for one of these."
        ),
        columns=("load", "p50 ms", "p99 ms", "worker µs/callback"),
        rows=rows,
        goals=[
            Goal(
                "callbacks/s of one worker, backlog",
                Spread.of(backlogs[_FAST_RECEIVERS]),
                now=500,
                unit="/s",
            ),
            Goal(
                "callbacks, p99 with half hanging : without",
                ratio(p99[_WITH], p99[_WITHOUT]),
                now=1.5,
                at_least=False,
            ),
        ],
        notes=(
            (
                f"A backlog of {_BACKLOG:,} is worked off at "
                f"{Spread.of(backlogs[_FAST_RECEIVERS]).show()} a second when it is for "
                f"{_FAST_RECEIVERS} receivers, and at {Spread.of(backlogs[1]).show()} when it is "
                "for one, which has four at once."
            ),
        ),
    )
