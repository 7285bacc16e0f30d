"""The workers of benchmark `pipeline`: how to fill their queues, and when they are empty."""

from __future__ import annotations

import sys
import uuid
from typing import NamedTuple, Protocol

import redis

from bench.baselines import celery_app
from bench.load.children import Child
from bench.load.clients import CHAT
from bench.load.stack import MODEL, QUEUE, Stack
from bench.result import BenchmarkFailed
from cli.up import processes, readiness
from shared.jobs.job import NewJob
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.store import redis_keys

CONCURRENCY = 200


class Left(NamedTuple):
    """What a worker has not done yet: jobs, and those that ended and are not in the history."""

    undone: int
    unstored: int = 0


class Contender(Protocol):
    """A worker process whose speed is measured."""

    worker: Child
    #: Whether what it ends goes into a history.
    has_history: bool

    def enqueue(self, count: int) -> None:
        """Put jobs into the queue while the worker is paused."""
        ...

    def left(self) -> Left:
        """Return what is not done."""
        ...

    def check(self) -> None:
        """Raise BenchmarkFailed unless all that was queued is done."""
        ...


class ReplyTo:
    """One process that does chat and completion, with an LLM that answers at once."""

    def __init__(
        self, stack: Stack, name: str, number: int, *, database_url: str = "", history: bool = True
    ) -> None:
        """`number` is that of a Redis database of its own."""
        url = f"{stack.redis_url.removesuffix('/0')}/{number}"
        argv = processes.worker(
            name, concurrency=CONCURRENCY, queues=[QUEUE, task_names.COMPLETION_QUEUE]
        )
        if not history:
            argv[argv.index("workers.app")] = "bench.baselines.without_history"
        database_url = database_url or f"sqlite:///{stack.folder}/{name}.db"
        env = {"REPLYTO_REDIS_URL": url, "REPLYTO_DATABASE_URL": database_url}
        self.worker = stack.children.start(name, argv, env)
        self._client = redis.Redis.from_url(url)
        self.worker.wait_until(
            lambda: not readiness.workers_not_up(self._client, {name: self.worker.pid})
        )
        self._jobs = JobStore(self._client, stack.settings)
        self.has_history = history
        self._first, self._count = 1, 0

    def enqueue(self, count: int) -> None:
        """Accept jobs as the gateway does."""
        new = [
            NewJob(
                owner="bench",
                ref_id=uuid.uuid4().hex,
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

    def left(self) -> Left:
        """Return how many jobs wait, run or are to be completed, and how many to be stored."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(redis_keys.line(QUEUE, task_names.QUEUED))
        pipe.zcard(redis_keys.DEADLINES)
        pipe.zcard(redis_keys.EXECUTED)
        pipe.zcard(redis_keys.UNSTORED)
        waiting, unanswered, executed, unstored = pipe.execute()
        undone = max(int(waiting), int(unanswered)) + int(executed)
        return Left(undone, int(unstored) if self.has_history else 0)

    def check(self) -> None:
        """Raise unless every job was completed."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in range(self._first, self._first + self._count):
            pipe.hget(redis_keys.job(job_id), "state")
        states = pipe.execute()
        if lost := sum(state != b"Completed" for state in states):
            raise BenchmarkFailed(f"{lost} of {self._count} jobs were not completed")


class StockCelery:
    """Celery as it comes: `apply_async` from task to task, acknowledgement emulated."""

    has_history = False

    def __init__(self, stack: Stack) -> None:
        url = stack.other_redis_url
        self.worker = stack.children.start(
            "stock",
            [
                *[sys.executable, "-m", "celery", "-A", "bench.baselines.celery_app", "worker"],
                *["-P", "gevent", "-c", str(CONCURRENCY)],
            ],
            {"CELERY_BROKER_URL": url},
        )
        self._client = redis.Redis.from_url(url)
        self._url = url

    def enqueue(self, count: int) -> None:
        """Send the first task of each job."""
        with celery_app.app.connection_for_write(self._url) as connection:
            for _ in range(count):
                celery_app.app.send_task(celery_app.first.name, connection=connection)

    def left(self) -> Left:
        """Return how many messages are queued or not acknowledged."""
        queued, held = self._client.llen("celery"), self._client.hlen("unacked")
        return Left(int(queued) + int(held))  # type: ignore[arg-type,unused-ignore]

    def check(self) -> None:
        """Nothing to look at: empty tasks leave nothing."""
