"""Benchmark `pipeline`: how fast one worker process moves jobs, against stock Celery's tasks."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench import stack as stacks
from bench.options import Options
from bench.pipeline_workers import CONCURRENCY, Contender, ReplyTo, StockCelery
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.rounds import alternate, cpu_note, ratio
from bench.stack import Stack
from bench.terminal import Progress

_WARM_UP = 1000
_MOST_JOBS = 40_000
_PATIENCE_S = 120.0
_LOOK_S = 0.05
_LOOKS = 4
_OURS, _STOCK = "ReplyTo's pipeline, history in SQLite", "stock Celery, two empty tasks"
_WITHOUT = "ReplyTo's pipeline without its history"
_POSTGRES = "ReplyTo's pipeline, history in PostgreSQL"


@dataclass(frozen=True, slots=True)
class _Turn:
    per_s: float
    messages_per_s: float
    worker_us: float
    redis_us: float


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting two workers")
    with stacks.running() as stack:
        contenders: dict[str, Contender] = {
            _OURS: ReplyTo(stack, "pipeline", 0),
            _STOCK: StockCelery(stack),
            _WITHOUT: ReplyTo(stack, "without", 2, history=False),
        }
        if url := options.postgres_url:
            contenders[_POSTGRES] = ReplyTo(stack, "postgres", 3, database_url=url)
        sizes = {}
        for name, contender in contenders.items():
            progress.say(f"warming up: {name}")
            # The first turn also waits for the worker to be ready; the second says how fast it is.
            _turn(contender, stack, _WARM_UP // 10)
            speed = _turn(contender, stack, _WARM_UP).per_s
            sizes[name] = min(_MOST_JOBS, int(speed * options.pipeline_s))
        turns = alternate(
            {name: lambda n=name: _turn(contenders[n], stack, sizes[n]) for name in contenders},  # type: ignore[misc]
            options.rounds,
            progress,
        )
    return _report(turns)


def _turn(contender: Contender, stack: Stack, count: int) -> _Turn:
    """Queue jobs before a paused worker, let it run, and take the time until all are done."""
    worker, redis_ = contender.worker, stack.ledger
    before = stack.messages()
    worker.pause()
    contender.enqueue(count)
    cpu_s, redis_s = worker.cpu_s, redis_.cpu_s
    worker.resume()
    seconds = _until_done(contender)
    cpu_s, redis_s = worker.cpu_s - cpu_s, redis_.cpu_s - redis_s
    worker.pause()
    contender.check()
    return _Turn(
        per_s=count / seconds,
        messages_per_s=(stack.messages() - before) / seconds,
        worker_us=cpu_s / count * 1e6,
        redis_us=redis_s / count * 1e6,
    )


def _until_done(contender: Contender) -> float:
    """Return the seconds until nothing was left, seen in several looks on end.

    A message can be in nobody's books for a moment while it changes hands.
    """
    began = time.perf_counter()
    empty_at, looks = 0.0, 0
    while looks < _LOOKS:
        now = time.perf_counter()
        if now - began > _PATIENCE_S:
            raise BenchmarkFailed(f"jobs are left after {_PATIENCE_S:g} s")
        if contender.left():
            looks = 0
        else:
            empty_at = empty_at if looks else now
            looks += 1
        time.sleep(_LOOK_S)
    return empty_at - began


def _report(turns: dict[str, list[_Turn]]) -> Report:
    per_s = {name: [turn.per_s for turn in own] for name, own in turns.items()}
    cpu_us = {name: [turn.worker_us for turn in own] for name, own in turns.items()}
    return Report(
        name="pipeline",
        title="Pipeline: jobs a second through one worker process",
        about=(
            "The jobs are queued beforehand. ReplyTo's one gevent process does both chat and "
            "completion: claims the job, calls an LLM that answers at once (HTTP, a process of its "
            "own), stores the result, completes it, writes it into the history. Stock Celery's one "
            "gevent process with default settings and the same concurrency of "
            f"{CONCURRENCY} only moves two empty tasks a job, the first sending the second: no "
            "HTTP call, nothing stored. The same Redis with `appendonly yes` for both."
        ),
        columns=("worker", "jobs/s", "messages/s", "worker µs/job", "Redis µs/job"),
        rows=[
            (
                name,
                Spread.of(per_s[name]).show(),
                Spread.of([turn.messages_per_s for turn in own]).show(),
                Spread.of(cpu_us[name]).show(),
                Spread.of([turn.redis_us for turn in own]).show(),
            )
            for name, own in turns.items()
        ],
        goals=[
            Goal(
                "pipeline, x stock Celery", ratio(per_s[_OURS], per_s[_STOCK]), now=1.2, later=1.5
            ),
            Goal("pipeline, x without history", ratio(per_s[_OURS], per_s[_WITHOUT]), now=0.9),
        ],
        notes=(
            "Every job of ReplyTo is looked up afterwards and must be Completed.",
            cpu_note(cpu_us[_OURS], cpu_us[_STOCK]),
        ),
    )
