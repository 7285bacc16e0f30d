"""The ledger's recovery: what the tick finds due, dead or missing, and puts back on its way.

Each command finds candidates in one call and moves each of them by its own atomic script, which
checks again. So several ticks at once, or one that dies half-way, do no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared import queue_keys, task_names
from shared import redis_keys as keys
from shared.clock import milliseconds
from shared.delivery_store import receiver_limits
from shared.errors import Failure
from shared.job import JobState, failure_body
from shared.ledger import Ledger
from shared.moves import CANCELLED
from shared.operation import Operation
from shared.scripts import Argument, Call

#: Most jobs one command moves in one tick.
BATCH: Final = 1000
#: How long a message may be out of its list before it counts as lost (seconds). A worker that
#: took it off claims it at once, unless it is full and holds it until a slot is free.
MISSING_GRACE_S: Final = 3.0
#: How long an executed job may wait while nobody completes (seconds).
DOORBELL_GRACE_S: Final = 2.0

WORKER_LOST: Final = Failure(
    status=500,
    type="server_error",
    code="worker_lost",
    message="The workers that ran this job died each time; it is not tried again.",
)
STREAM_BROKEN: Final = Failure(
    status=502,
    type="server_error",
    code="stream_broken",
    message="The stream broke off; what came before it is not the whole answer.",
    error_code="BadGateway",
)
DEADLINE_PASSED: Final = Failure(
    status=504,
    type="server_error",
    code="deadline_exceeded",
    message="The job's deadline passed before a worker could answer it.",
    error_code="Timeout",
)


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


class RecoveryStore(Ledger):
    """Finds and moves what the tick is for. Raises redis.RedisError."""

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
        ids = self._due_leases(keys.LEASES, self._settings.lease_s)
        return self._requeue("reap", ids, tail, leave=keys.LEASES)

    def promote_jobs(self) -> int:
        """Push the messages of delayed jobs that are due; return how many."""
        return self._requeue("promote", self._due(keys.DELAYED), [], leave=keys.DELAYED)

    def expire_jobs(self) -> int:
        """End the jobs that still wait after their deadline; return how many."""
        now = self._clock()
        lease_ms = milliseconds(self._settings.lease_s)
        tail: list[Argument] = [failure_body(DEADLINE_PASSED), DEADLINE_PASSED.status, lease_ms]
        calls = [
            Call(
                "expire",
                [
                    *queue_keys.move_keys(job.id),
                    *queue_keys.everywhere(job.queue, job.owner, job.provider, job.operation),
                ],
                [now, job.id, *tail],
            )
            for job in self._waiting(self._due(keys.DEADLINES), leave=keys.DEADLINES)
        ]
        return sum(answer == b"failed" for answer in self._scripts.run_all(calls))

    def repush_jobs(self) -> int:
        """Give a fresh message to each Queued job whose message is gone; return how many."""
        queues = self._chat_queues()
        return self._repush(queues, task_names.PRIORITIES, task_names.CHAT, JobState.QUEUED)

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

    def repush_deliveries(self) -> int:
        """Do the same for deliveries."""
        return self._repush([task_names.CALLBACKS_QUEUE], [0], task_names.DELIVER, "Pending")

    def return_deliveries(self, *, reap: bool = True) -> int:
        """Push deliveries that are due again, and those whose worker is gone; return how many.

        `reap`: whether a lease that is past due says so.
        """
        moved = self._return(keys.DELIVERIES_DELAYED, self._due(keys.DELIVERIES_DELAYED))
        if reap:
            lease_s = self._settings.callback_lease_s
            ids = self._due_leases(keys.DELIVERIES_LEASES, lease_s)
            moved += self._return(keys.DELIVERIES_LEASES, ids)
        return moved

    def wake_receivers(self) -> int:
        """Push parked deliveries whose receiver has room again; return how many."""
        now = self._clock()
        due = self._scripts.run(Call("due", [keys.RECEIVERS_WAKES], [now, BATCH]))
        calls = [
            Call(
                "wake_receiver",
                [
                    keys.RECEIVERS_WAKES,
                    keys.RECEIVER_PREFIX,
                    keys.DELIVERIES_LEASES,
                    keys.message_list(task_names.CALLBACKS_QUEUE, 0),
                    keys.line(task_names.CALLBACKS_QUEUE, 0),
                    keys.QUEUE_PLACE,
                ],
                [now, receiver, *receiver_limits(self._settings)],
            )
            for receiver in due
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

    # --- parts --------------------------------------------------------------------------------

    def _return(self, source: str, ids: Sequence[int]) -> int:
        now = self._clock()
        calls = [
            Call(
                "return_delivery",
                [
                    keys.delivery(job_id),
                    source,
                    keys.message_list(task_names.CALLBACKS_QUEUE, 0),
                    keys.line(task_names.CALLBACKS_QUEUE, 0),
                    keys.QUEUE_PLACE,
                    keys.RECEIVER_PREFIX,
                ],
                [now, job_id],
            )
            for job_id in reversed(ids)
        ]
        return sum(self._scripts.run_all(calls))

    def _chat_queues(self) -> list[str]:
        models: Any = self._client.smembers(keys.MODELS)
        return [task_names.chat_queue(model.decode()) for model in sorted(models)]

    def _due(self, zset: str) -> list[int]:
        return [int(i) for i in self._scripts.run(Call("due", [zset], [self._clock(), BATCH]))]

    def _due_leases(self, zset: str, lease_s: float) -> list[int]:
        args = [self._clock(), milliseconds(lease_s), BATCH]
        return [int(i) for i in self._scripts.run(Call("due_leases", [zset], args))]

    def _waiting(self, ids: Sequence[int], *, leave: str) -> list[Waiting]:
        """Read where the jobs wait; take ids without a job off the set that named them."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in ids:
            pipe.hmget(keys.job(job_id), *_WHERE)
        rows = list(zip(ids, pipe.execute(), strict=True))
        gone = [job_id for job_id, row in rows if row[0] is None]
        if gone:
            self._client.zrem(leave, *gone)
        return [
            Waiting(
                job_id,
                model.decode(),
                int(priority),
                owner.decode(),
                (provider or b"").decode(),
                Operation((operation or b"chat").decode()),
            )
            for job_id, (model, priority, owner, provider, operation) in rows
            if model is not None
        ]

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
            for job in reversed(self._waiting(ids, leave=leave))
        ]
        return sum(answer not in (0, b"kept") for answer in self._scripts.run_all(calls))

    def _repush(
        self, queues: Iterable[str], priorities: Iterable[int], task: str, state: str
    ) -> int:
        now, grace_ms = self._clock(), milliseconds(MISSING_GRACE_S)
        places = [(queue, priority) for queue in queues for priority in priorities]
        found = self._scripts.run_all(
            [
                Call(
                    "find_missing",
                    [keys.message_list(*place), keys.line(*place), keys.missing(*place)],
                    [now, grace_ms, BATCH],
                )
                for place in places
            ]
        )
        record = keys.delivery if task == task_names.DELIVER else keys.job
        calls = [
            Call(
                "repush",
                [
                    record(int(job_id)),
                    keys.message_list(queue, priority),
                    keys.line(queue, priority),
                    keys.missing(queue, priority),
                    keys.QUEUE_PLACE,
                ],
                [now, int(job_id), queue, priority, task, state, grace_ms],
            )
            for (queue, priority), ids in zip(places, found, strict=True)
            for job_id in ids
        ]
        return sum(self._scripts.run_all(calls))
