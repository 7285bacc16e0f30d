"""Benchmark `pipeline`: how fast one worker process moves jobs, against stock Celery's tasks."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Protocol

import redis

from bench import stack as stacks
from bench.baselines import celery_app
from bench.children import Child
from bench.clients import CHAT
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.rounds import alternate, ratio
from bench.stack import MODEL, QUEUE, Stack
from bench.terminal import Progress
from shared import redis_keys, task_names
from shared.job import NewJob
from shared.job_store import JobStore

_CONCURRENCY = 200
_WARM_UP = 1000
_MOST_JOBS = 40_000
_PATIENCE_S = 120.0
_LOOK_S = 0.05
_LOOKS = 4
_OURS, _STOCK = "ReplyTo's pipeline", "stock Celery, two empty tasks"


@dataclass(frozen=True, slots=True)
class _Turn:
    per_s: float
    messages_per_s: float
    worker_us: float
    redis_us: float


class _Contender(Protocol):
    worker: Child

    def enqueue(self, count: int) -> None:
        """Put jobs into the queue while the worker is paused."""
        ...

    def left(self) -> int:
        """Return how many jobs are not done."""
        ...

    def check(self) -> None:
        """Raise BenchmarkFailed unless all that was queued is done."""
        ...

    def messages(self) -> int:
        """Return how many messages were sent so far."""
        ...


class _ReplyTo:
    """One process that does chat and completion, with an LLM that answers at once."""

    def __init__(self, stack: Stack) -> None:
        queues = [QUEUE, task_names.COMPLETION_QUEUE]
        self.worker = stack.worker("pipeline", queues, _CONCURRENCY)
        self._client = stack.client()
        self._jobs = JobStore(self._client, stack.settings)
        self._first, self._count = 1, 0

    def enqueue(self, count: int) -> None:
        """Accept jobs as the gateway does."""
        new = [
            NewJob(
                owner="bench",
                ref_id=f"{time.time_ns()}",
                model=MODEL,
                request=CHAT.encode(),
                fingerprint="",
                priority=task_names.QUEUED,
                timeout_s=3600,
            )
            for _ in range(count)
        ]
        ids = [self._jobs.accept(job).id for job in new]
        self._first, self._count = ids[0], count

    def left(self) -> int:
        """Return how many jobs wait, run, or are to be completed."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(redis_keys.line(QUEUE, task_names.QUEUED))
        pipe.zcard(redis_keys.DEADLINES)
        pipe.zcard(redis_keys.EXECUTED)
        waiting, unanswered, executed = pipe.execute()
        return max(int(waiting), int(unanswered)) + int(executed)

    def check(self) -> None:
        """Raise unless every job was completed."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in range(self._first, self._first + self._count):
            pipe.hget(redis_keys.job(job_id), "state")
        states = pipe.execute()
        if lost := sum(state != b"Completed" for state in states):
            raise BenchmarkFailed(f"{lost} of {self._count} jobs were not completed")

    def messages(self) -> int:
        """Return the pushed messages: each takes a place in line, the doorbell too."""
        return int(self._client.get(redis_keys.QUEUE_PLACE) or 0)  # type: ignore[arg-type,unused-ignore]


class _StockCelery:
    """Celery as it comes: `apply_async` from task to task, acknowledgement emulated."""

    def __init__(self, stack: Stack) -> None:
        url = stack.other_redis_url
        self.worker = stack.children.start(
            "stock",
            [
                *[sys.executable, "-m", "celery", "-A", "bench.baselines.celery_app", "worker"],
                *["-P", "gevent", "-c", str(_CONCURRENCY)],
            ],
            {"CELERY_BROKER_URL": url},
        )
        self._client = redis.Redis.from_url(url)
        self._url = url
        self._sent = 0

    def enqueue(self, count: int) -> None:
        """Send the first task of each job."""
        with celery_app.app.connection_for_write(self._url) as connection:
            for _ in range(count):
                celery_app.app.send_task(celery_app.first.name, connection=connection)
        self._sent += 2 * count

    def left(self) -> int:
        """Return how many messages are queued or not acknowledged."""
        queued, held = self._client.llen("celery"), self._client.hlen("unacked")
        return int(queued) + int(held)  # type: ignore[arg-type,unused-ignore]

    def check(self) -> None:
        """Nothing to look at: empty tasks leave nothing."""

    def messages(self) -> int:
        """Return the messages: two a job."""
        return self._sent


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting two workers")
    with stacks.running() as stack:
        contenders: dict[str, _Contender] = {_OURS: _ReplyTo(stack), _STOCK: _StockCelery(stack)}
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


def _turn(contender: _Contender, stack: Stack, count: int) -> _Turn:
    """Queue jobs before a paused worker, let it run, and take the time until all are done."""
    worker, redis_ = contender.worker, stack.ledger
    before = contender.messages()
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
        messages_per_s=(contender.messages() - before) / seconds,
        worker_us=cpu_s / count * 1e6,
        redis_us=redis_s / count * 1e6,
    )


def _until_done(contender: _Contender) -> float:
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
    return Report(
        name="pipeline",
        title="Pipeline: jobs a second through one worker process",
        about=(
            "The jobs are queued beforehand. ReplyTo's one gevent process does both chat and "
            "completion: claims the job, calls an LLM that answers at once (HTTP, a process of its "
            "own), stores the result, completes it. Stock Celery's one gevent process with default "
            "settings and the same concurrency of "
            f"{_CONCURRENCY} only moves two empty tasks a job, the first sending the second: no "
            "HTTP call, nothing stored. The same Redis with `appendonly yes` for both."
        ),
        columns=("worker", "jobs/s", "messages/s", "worker µs/job", "Redis µs/job"),
        rows=[
            (
                name,
                Spread.of(per_s[name]).show(),
                Spread.of([turn.messages_per_s for turn in own]).show(),
                Spread.of([turn.worker_us for turn in own]).show(),
                Spread.of([turn.redis_us for turn in own]).show(),
            )
            for name, own in turns.items()
        ],
        goals=[
            Goal("pipeline, x stock Celery", ratio(per_s[_OURS], per_s[_STOCK]), now=1.2, later=1.5)
        ],
        notes=("Every job of ReplyTo is looked up afterwards and must be Completed.",),
    )
