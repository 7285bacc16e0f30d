"""What somebody may wish of a job that is there: that it ends, or that it is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import redis

from shared.api_keys.limits import Allowance
from shared.callbacks import delivery_keys
from shared.errors import OwnerBytesFull
from shared.jobs.failures import CANCELLED
from shared.jobs.job import ATTEMPT_PREFIX, Job, failure_body
from shared.jobs.moves import Cancelled, Retried
from shared.ledger.key_limits import KeyLimits, over_limit, retry_after_s
from shared.operation import Operation
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, milliseconds, redis_clock
from shared.store.scripts import Call

#: Fields of a job that left the ledger, when it is put back.
_PUT_BACK: Final = (
    *("id", "ref_id", "owner", "model", "priority", "tag", "provider", "reply_to", "request"),
    *("created_ms", "generation", "attempt", "request_id"),
)


class Commands(Ledger):
    """Cancels jobs, and queues ended ones again."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._limits = KeyLimits(clock)

    def cancel(self, job: Job) -> Cancelled:
        """End the job if it waits, ask its attempt to abort if it runs."""
        return Cancelled(self._scripts.run(self._cancel_call(job)).decode())

    def cancel_all(self, jobs: Sequence[Job]) -> list[Cancelled]:
        """Do the same with many in one round trip, each by itself."""
        told = self._scripts.run_all([self._cancel_call(job) for job in jobs])
        return [Cancelled(one.decode()) for one in told]

    def _cancel_call(self, job: Job) -> Call:
        queue = task_names.chat_queue(job.model)
        return Call(
            "cancel",
            [
                *queue_keys.move_keys(job.id),
                *queue_keys.everywhere(queue, job.owner, job.provider, job.operation),
            ],
            [
                self._clock(),
                job.id,
                failure_body(CANCELLED),
                CANCELLED.status,
                keys.abort_channel(""),
            ],
        )

    def retry(
        self, job: Job, *, put_back: bool = False, allowance: Allowance | None = None
    ) -> Retried:
        """Queue a job again that Failed or was Cancelled, with attempts and time anew.

        `put_back` when it has left the ledger, as the history knows it. Raises RateLimitExceeded
        and its kin when the limits of the caller's key have no room for it, OwnerBytesFull when
        the job's owner has too much queued.
        """
        retry_keys = _retry_keys(job)
        if allowance:
            retry_keys += self._limits.keys_of(allowance.key_id)
        call = Call(
            "retry",
            retry_keys,
            [
                self._clock(),
                job.id,
                task_names.chat_queue(job.model),
                job.priority,
                self._settings.queue_window,
                milliseconds(self._settings.job_timeout_s),
                job.owner,
                job.model,
                allowance.to_json() if allowance else "",
                allowance.key_id if allowance else "",
                keys.JOB_PREFIX,
                self._settings.owner_queue_bytes,
                keys.GROUPS,
                *(_hash_of(job) if put_back else ()),
            ],
        )
        answer = self._scripts.run(call)
        if isinstance(answer, list):
            verdict, value, told = answer
            if verdict == b"bytes_full":
                raise OwnerBytesFull(retry_after_s=retry_after_s(int(value), float(told)))
            raise over_limit(told.decode(), int(value))
        return Retried(answer.decode())


def _retry_keys(job: Job) -> list[str]:
    queue = task_names.chat_queue(job.model)
    return [
        *queue_keys.move_keys(job.id),
        keys.UNSTORED,
        keys.ref(job.owner, job.ref_id),
        keys.delivery(job.id),
        keys.DELIVERIES_DELAYED,
        keys.MODELS,
        keys.drain(queue),
        *queue_keys.window(queue, job.priority),
        keys.waiting_of(queue, job.priority, job.owner),
        keys.DELIVERIES_LEASES,
        delivery_keys.LINE,
        delivery_keys.MISSING,
        keys.ENDPOINT_PREFIX,
        keys.HOST_PREFIX,
        keys.DELIVERIES_PARKED,
    ]


def _hash_of(job: Job) -> list[str | bytes | int]:
    """Return the fields of a job that was in the ledger before, as it was accepted."""
    fields: dict[str, str | bytes | int] = {
        **{name: getattr(job, name) for name in _PUT_BACK},
        **{f"{ATTEMPT_PREFIX}{attempt.number}": attempt.to_json() for attempt in job.attempts},
        "state": str(job.state),
        "fingerprint": "",
        "crashes": 0,
    }
    if job.operation is not Operation.CHAT:
        fields["operation"] = str(job.operation)
    if job.streamed:
        fields["streamed"] = job.streamed
    if job.group:
        fields["group"] = job.group
    return [part for pair in fields.items() for part in pair]
