"""Benchmark `pipeline`: how fast one worker process moves jobs, against stock Celery's tasks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from bench.load import stack as stacks
from bench.load.pipeline_workers import CONCURRENCY, Contender, ReplyTo, StockCelery
from bench.load.stack import Stack
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.rounds import alternate, cpu_note, ratio
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
    #: How long after the last job was done the history had it (seconds); NaN without one.
    behind_s: float
    #: Jobs a second, counted until all were in the history.
    stored_per_s: float
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
    """Queue jobs before a paused worker, let it run, and take the time until all are done.

    The CPU time is taken later, when all are in the history too.
    """
    worker, redis_ = contender.worker, stack.ledger
    before = stack.messages()
    worker.pause()
    contender.enqueue(count)
    cpu_s, redis_s = worker.cpu_s, redis_.cpu_s
    worker.resume()
    seconds, behind_s = _until_done(contender)
    cpu_s, redis_s = worker.cpu_s - cpu_s, redis_.cpu_s - redis_s
    worker.pause()
    contender.check()
    return _Turn(
        per_s=count / seconds,
        behind_s=behind_s if contender.has_history else math.nan,
        stored_per_s=count / (seconds + behind_s),
        messages_per_s=(stack.messages() - before) / seconds,
        worker_us=cpu_s / count * 1e6,
        redis_us=redis_s / count * 1e6,
    )


@dataclass
class _Nothing:
    """When a number was 0, seen in several looks on end.

    A message can be in nobody's books for a moment while it changes hands.
    """

    since: float = field(default=math.nan)
    _looks: int = 0

    @property
    def is_sure(self) -> bool:
        return self._looks >= _LOOKS

    def look(self, number: int, now: float) -> None:
        if number:
            self._looks = 0
            return
        self.since = self.since if self._looks else now
        self._looks += 1


def _until_done(contender: Contender) -> tuple[float, float]:
    """Return the seconds until all was done, and those from then until all was stored."""
    began = time.perf_counter()
    done, stored = _Nothing(), _Nothing()
    while not (done.is_sure and stored.is_sure):
        now = time.perf_counter()
        if now - began > _PATIENCE_S:
            raise BenchmarkFailed(f"jobs are left after {_PATIENCE_S:g} s")
        left = contender.left()
        done.look(left.undone, now)
        stored.look(sum(left), now)
        time.sleep(_LOOK_S)
    return done.since - began, stored.since - done.since


def _report(turns: dict[str, list[_Turn]]) -> Report:
    per_s = {name: [turn.per_s for turn in own] for name, own in turns.items()}
    cpu_us = {name: [turn.worker_us for turn in own] for name, own in turns.items()}
    return Report(
        name="pipeline",
        title="Pipeline: jobs a second through one worker process",
        about=(
            "The jobs are queued beforehand. ReplyTo's one gevent process does both chat and "
            "completion: claims the job, calls an LLM that answers at once (HTTP, a process of its "
            "own), stores the result, completes it, and writes what has ended into the history, "
            "every second. Jobs/s counts until the last job is Completed; how long after that it "
            "was in the history too stands beside it. The CPU time is that of everything, taken "
            "when all jobs are in the history. Stock Celery's one "
            "gevent process with default settings and the same concurrency of "
            f"{CONCURRENCY} only moves two empty tasks a job, the first sending the second: no "
            "HTTP call, nothing stored. The same Redis with `appendonly yes` for both."
        ),
        columns=(
            *("worker", "jobs/s", "history behind, s", "messages/s"),
            *("worker µs/job", "Redis µs/job"),
        ),
        rows=[
            (
                name,
                Spread.of(per_s[name]).show(),
                Spread.of([turn.behind_s for turn in own]).show(1),
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
            *(
                _history_note(name, turns[name], turns[_WITHOUT])
                for name in (_OURS, _POSTGRES)
                if name in turns
            ),
        ),
    )


def _history_note(name: str, turns: list[_Turn], without: list[_Turn]) -> str:
    """Return what the history costs in CPU time, and what it costs while all is being stored."""
    cpu = ratio([turn.worker_us for turn in turns], [turn.worker_us for turn in without])
    per_s = ratio([turn.per_s for turn in turns], [turn.per_s for turn in without])
    stored = ratio([turn.stored_per_s for turn in turns], [turn.per_s for turn in without])
    return (
        f"{name}: {per_s.show(2)} x the jobs/s of the one without, "
        f"{stored.show(2)} x when the wait for the history's last pass counts as well; "
        f"{cpu.show(2)} x its CPU time a job."
    )
