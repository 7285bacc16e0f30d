"""Jobs that are due, whose worker died or whose message is gone: on their way again, or ended."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from shared.jobs.failures import (
    CANCELLED,
    DEADLINE_PASSED,
    STREAM_BROKEN,
    WORKER_LOST,
    deadline_passed,
)
from shared.jobs.job import JobState, failure_body
from shared.ledger.reader import Reader
from shared.operation import Operation
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.recovery.search import Search
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, milliseconds, redis_clock
from shared.store.complaints import Complaints
from shared.store.scripts import Argument, Call

log = logging.getLogger(__name__)

#: How long an executed job may wait while nobody completes (seconds).
DOORBELL_GRACE_S: Final = 2.0
#: How long nobody looks at a job that cannot be read, such as one of a newer version (seconds).
_UNREADABLE_S: Final = 60.0

#: The fields of a job that say where it stands in line.
_WHERE: Final = ("model", "priority", "owner", "provider", "operation")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where a job's message goes."""

    id: int
    model: str
    priority: int
    owner: str
    provider: str
    operation: Operation

    @property
    def queue(self) -> str:
        """The Celery queue of the job's model."""
        return task_names.chat_queue(self.model)


class JobRecovery(Ledger):
    """Finds and moves jobs. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._search = Search(client, settings, clock)
        self._reader = Reader(client, settings, clock)
        self._complaints = Complaints(log, "job")

    def reap_jobs(self) -> int:
        """Queue again, or end, the jobs whose lease is past due; return how many."""
        error, cancelled = failure_body(WORKER_LOST), failure_body(CANCELLED)
        tail: list[Argument] = [
            self._settings.max_crashes,
            error,
            cancelled,
            WORKER_LOST.status,
            CANCELLED.status,
            failure_body(STREAM_BROKEN),
            STREAM_BROKEN.status,
        ]
        ids = self._search.due_leases(keys.LEASES, self._settings.lease_s)
        return self._requeue("reap", ids, tail, leave=keys.LEASES)

    def promote_jobs(self) -> int:
        """Push the messages of delayed jobs that are due; return how many."""
        return self._requeue("promote", self._search.due(keys.DELAYED), [], leave=keys.DELAYED)

    def expire_jobs(self) -> int:
        """End the jobs that still wait after their deadline; return how many."""
        now = self._clock()
        lease_ms = milliseconds(self._settings.lease_s)
        overdue = self.waiting(self._search.due(keys.DEADLINES), leave=keys.DEADLINES)
        failures = self._reader.last_failures([job.id for job in overdue])
        calls = [
            Call(
                "expire",
                [
                    *queue_keys.move_keys(job.id),
                    *queue_keys.everywhere(job.queue, job.owner, job.provider, job.operation),
                ],
                [
                    *(now, job.id, failure_body(deadline_passed(failure))),
                    *(DEADLINE_PASSED.status, lease_ms),
                ],
            )
            for job, failure in zip(overdue, failures, strict=True)
        ]
        return sum(answer == b"failed" for answer in self._scripts.run_all(calls))

    def repush_jobs(self) -> int:
        """Give a fresh message to each Queued job whose message is gone; return how many."""
        queues = self._chat_queues()
        return self._search.repush(queues, task_names.PRIORITIES, task_names.CHAT, JobState.QUEUED)

    def dispatch_jobs(self) -> int:
        """Top up the message lists that claims have not topped up; return how many were pushed."""
        now, window = self._clock(), self._settings.queue_window
        calls = [
            Call(
                "dispatch",
                [
                    *queue_keys.window(queue, priority),
                    keys.QUEUE_PLACE,
                    keys.drain(queue),
                    keys.GATES,
                ],
                [now, queue, priority, window],
            )
            for queue in self._chat_queues()
            for priority in task_names.PRIORITIES
        ]
        return sum(self._scripts.run_all(calls))

    def ring(self) -> bool:
        """Push a doorbell when executed jobs wait and nobody completes them."""
        call = Call(
            "ring",
            [
                keys.EXECUTED,
                keys.COMPLETION_LEASE,
                keys.message_list(task_names.COMPLETION_QUEUE, 0),
                keys.QUEUE_PLACE,
            ],
            [self._clock(), milliseconds(DOORBELL_GRACE_S)],
        )
        return bool(self._scripts.run(call))

    def _chat_queues(self) -> list[str]:
        models: Any = self._client.smembers(keys.MODELS)
        return [task_names.chat_queue(model.decode()) for model in sorted(models)]

    def waiting(self, ids: Sequence[int], *, leave: str) -> list[Waiting]:
        """Read where the jobs wait; take ids without a job off the set that named them."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in ids:
            pipe.hmget(keys.job(job_id), *_WHERE)
        rows = list(zip(ids, pipe.execute(), strict=True))
        gone = [job_id for job_id, row in rows if row[0] is None]
        if gone:
            self._client.zrem(leave, *gone)
        found: list[Waiting] = []
        for job_id, row in rows:
            if row[0] is not None:
                with self._complaints.about(str(job_id)):
                    found.append(_waiting(job_id, row))
        if len(found) + len(gone) < len(rows):
            self._put_off(leave, {*ids} - {*gone} - {one.id for one in found})
        return found

    def _put_off(self, name: str, ids: Iterable[int]) -> None:
        """Look later again at jobs that cannot be read: they must not stand before all others."""
        later_ms = self._now_ms() + milliseconds(_UNREADABLE_S)
        self._client.zadd(name, {str(job_id): later_ms for job_id in ids}, xx=True)

    def _requeue(
        self, script: str, ids: Sequence[int], tail: Sequence[Argument], *, leave: str
    ) -> int:
        now = self._clock()
        calls = [
            Call(
                script,
                [
                    *queue_keys.move_keys(job.id),
                    keys.message_list(job.queue, job.priority),
                    keys.line(job.queue, job.priority),
                ],
                [now, job.id, job.queue, job.priority, task_names.CHAT, *tail],
            )
            # The oldest is pushed last, so that it is the first at the consuming end.
            for job in reversed(self.waiting(ids, leave=leave))
        ]
        return sum(answer not in (0, b"kept") for answer in self._scripts.run_all(calls))


def _waiting(job_id: int, row: Sequence[Any]) -> Waiting:
    model, priority, owner, provider, operation = row
    return Waiting(
        job_id,
        model.decode(),
        int(priority),
        owner.decode(),
        (provider or b"").decode(),
        Operation((operation or b"chat").decode()),
    )
