"""The job ledger: the moves of a job's life, each one atomic Lua script.

KEYS and ARGV of each move stand at the top of its script in `lua/`. Times are milliseconds; a
`now_ms` of 0 means Redis's own clock, the only one that all machines share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import redis

from shared import redis_keys as keys
from shared import task_names
from shared.errors import Failure, QueueFull, RefIdConflict
from shared.job import (
    ATTEMPT_PREFIX,
    SUMMARY_FIELDS,
    Attempt,
    Job,
    JobState,
    NewJob,
    failure_body,
    from_hash,
)
from shared.scripts import Call, ScriptRunner
from shared.settings import Settings

#: Returns unix milliseconds, or 0 for Redis's own clock.
Clock = Callable[[], int]

#: Most bytes of mailbox entries kept in one job.
_MAILBOX_BYTES: Final = 4096
_SUMMARY_NAMES: Final = tuple(name.encode() for name in SUMMARY_FIELDS)

CANCELLED: Final = Failure(
    status=499,
    type="invalid_request_error",
    code="job_cancelled",
    message="The job was cancelled.",
    error_code="Cancelled",
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that stands for a request; `is_new` is False when its RefId was known."""

    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one attempt. `attempt` is the fence: later moves must name it."""

    id: int
    attempt: int
    ref_id: str
    model: str
    provider: str
    request: bytes
    now_ms: int
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt leaves in the job: a response, or the error body, with its HTTP status."""

    outcome: JobState
    status: int
    body: bytes

    @classmethod
    def response(cls, body: bytes) -> Result:
        """Return the result of a job that was answered."""
        return cls(JobState.COMPLETED, 200, body)

    @classmethod
    def failure(cls, failure: Failure, *, cancelled: bool = False) -> Result:
        """Return the result of a job that was not."""
        outcome = JobState.CANCELLED if cancelled else JobState.FAILED
        return cls(outcome, failure.status, failure_body(failure))


class Renewal(StrEnum):
    """What became of a lease that was to be renewed."""

    RENEWED = "renewed"
    CANCEL = "cancel"
    LOST = "lost"


class Executed(StrEnum):
    """What became of a result that was to be stored."""

    EXECUTED = "executed"
    ALREADY = "already"
    REFUSED = "refused"


class Deferred(StrEnum):
    """What became of a job that was to be tried later."""

    DEFERRED = "deferred"
    CANCEL = "cancel"
    REFUSED = "refused"


class Cancelled(StrEnum):
    """What became of a wish to cancel."""

    CANCELLED = "cancelled"
    ABORTING = "aborting"
    ENDED = "ended"


class JobStore:
    """Issues every job move. Raises redis.RedisError when the ledger cannot be reached."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = lambda: 0) -> None:
        self._client = client
        self._scripts = ScriptRunner(client)
        self._settings = settings
        self._clock = clock

    # --- the gateway's moves ------------------------------------------------------------------

    def accept(self, new: NewJob) -> Accepted:
        """Make the job and push its message, or find the one its RefId made before.

        Raises RefIdConflict (same RefId, other request) and QueueFull.
        """
        queue = task_names.chat_queue(new.model)
        fields: dict[str, str | bytes] = {
            "ref_id": new.ref_id,
            "owner": new.owner,
            "provider": new.provider,
            "reply_to": new.reply_to,
            "request": new.request,
        }
        if new.mailbox:
            fields["mailboxes"] = new.mailbox
        verdict, value = self._scripts.run(
            Call(
                "accept",
                [
                    keys.JOB_ID,
                    keys.ref(new.owner, new.ref_id),
                    keys.tag(new.owner, new.tag),
                    keys.message_list(queue, new.priority),
                    keys.line(queue, new.priority),
                    keys.QUEUE_PLACE,
                    keys.MODELS,
                    keys.DEADLINES,
                    *lines(queue),
                ],
                [
                    self._clock(),
                    keys.JOB_PREFIX,
                    new.model,
                    queue,
                    new.priority,
                    task_names.CHAT,
                    self._settings.queue_limit,
                    milliseconds(new.timeout_s),
                    new.fingerprint,
                    new.tag,
                    milliseconds(self._settings.job_timeout_s + self._settings.result_ttl_s),
                    *_flat(fields),
                ],
            )
        )
        if verdict == b"conflict":
            raise RefIdConflict(field="refId")
        if verdict == b"full":
            raise QueueFull(retry_after_s=10)
        return Accepted(int(value), is_new=verdict == b"accepted")

    def cancel(self, job: Job) -> Cancelled:
        """End the job if it waits, ask its attempt to abort if it runs."""
        call = Call(
            "cancel",
            [*move_keys(job.id), *line_keys(job.model)],
            [
                self._clock(),
                job.id,
                failure_body(CANCELLED),
                CANCELLED.status,
                keys.abort_channel(""),
            ],
        )
        return Cancelled(self._scripts.run(call).decode())

    def watch(self, job_id: int, mailbox: str) -> JobState | None:
        """Ask to be told at `mailbox` when the job moves; return its state now, None if gone."""
        call = Call("watch", [keys.job(job_id)], [mailbox, _MAILBOX_BYTES])
        state = self._scripts.run(call)
        return JobState(state.decode()) if state else None

    def get(self, job_id: int) -> Job | None:
        """Read a job; None when there is none with this id."""
        fields: Any = self._client.hgetall(keys.job(job_id))
        return from_hash(fields)

    def summaries(self, job_ids: Sequence[int]) -> list[Job | None]:
        """Read jobs in one round trip, without their contents and attempts."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(keys.job(job_id), *SUMMARY_FIELDS)
        return [
            from_hash({n: v for n, v in zip(_SUMMARY_NAMES, row, strict=True) if v is not None})
            for row in pipe.execute()
        ]

    def find_id(self, owner: str, ref_id: str) -> int | None:
        """Return the id of the owner's job with this RefId."""
        value: Any = self._client.get(keys.ref(owner, ref_id))
        return int(value) if value else None

    def ping(self) -> None:
        """Raise unless the ledger answers and takes writes."""
        # PING answers on a full Redis and on a replica too. This is a write that changes nothing.
        self._client.incrby(keys.JOB_ID, 0)

    # --- the chat worker's moves --------------------------------------------------------------

    def claim(self, job_id: int, model: str, worker: str) -> Claim | None:
        """Start an attempt; None when the message that led here is stale."""
        call = Call(
            "claim",
            [*move_keys(job_id), *line_keys(model)],
            [self._clock(), job_id, self._lease_ms, worker],
        )
        row = self._scripts.run(call)
        if not row:
            return None
        now_ms, attempt, request, job_model, provider, deadline_ms, ref_id = row
        return Claim(
            id=job_id,
            attempt=int(attempt),
            ref_id=ref_id.decode(),
            model=job_model.decode(),
            provider=provider.decode(),
            request=request,
            now_ms=int(now_ms),
            deadline_ms=int(deadline_ms),
        )

    def renew(self, attempts: Sequence[tuple[int, int]]) -> list[Renewal]:
        """Renew the leases of (id, attempt) pairs in one round trip."""
        now = self._clock()
        calls = [
            Call("renew", [keys.job(job_id), keys.LEASES], [now, job_id, attempt, self._lease_ms])
            for job_id, attempt in attempts
        ]
        return [Renewal(answer.decode()) for answer in self._scripts.run_all(calls)]

    def execute(
        self, job_id: int, attempt: int, result: Result, record: Attempt | None = None
    ) -> Executed:
        """Store the job's one result and hand it to completion."""
        field = "response" if result.outcome is JobState.COMPLETED else "error"
        call = Call(
            "execute",
            move_keys(job_id),
            [
                self._clock(),
                job_id,
                attempt,
                result.outcome,
                result.status,
                field,
                result.body,
                *_attempt_fields(record),
            ],
        )
        return Executed(self._scripts.run(call).decode())

    def defer(
        self, job_id: int, attempt: int, delay_s: float, record: Attempt | None = None
    ) -> Deferred:
        """Queue the job again, due in `delay_s` seconds."""
        call = Call(
            "defer",
            move_keys(job_id),
            [
                self._clock(),
                job_id,
                attempt,
                milliseconds(delay_s),
                "due_in_ms",
                milliseconds(delay_s),
                *_attempt_fields(record),
            ],
        )
        return Deferred(self._scripts.run(call).decode())

    # --- the completion worker's moves --------------------------------------------------------

    def enter_completion(self, token: str, lease_s: float) -> bool:
        """Become the one who completes; renew with the same token. False: somebody else is."""
        lease_ms = milliseconds(lease_s)
        if self._client.set(keys.COMPLETION_LEASE, token, nx=True, px=lease_ms):
            return True
        if self._client.get(keys.COMPLETION_LEASE) != token.encode():
            return False
        return bool(self._client.set(keys.COMPLETION_LEASE, token, xx=True, px=lease_ms))

    def leave_completion(self, token: str) -> bool:
        """Stop completing; False when more jobs were executed in the meantime."""
        call = Call("leave_completion", [keys.EXECUTED, keys.COMPLETION_LEASE], [token])
        return bool(self._scripts.run(call))

    def executed(self, most: int) -> list[int]:
        """Return the ids that wait for completion, oldest first."""
        ids: Any = self._client.zrange(keys.EXECUTED, 0, most - 1)
        return [int(job_id) for job_id in ids]

    def complete(self, jobs: Sequence[Job]) -> list[JobState | None]:
        """Make Executed jobs final, with their deliveries; None where a job was not Executed."""
        now, ttl_ms = self._clock(), milliseconds(self._settings.result_ttl_s)
        calls = [
            Call(
                "complete",
                [
                    keys.job(job.id),
                    keys.EXECUTED,
                    keys.ref(job.owner, job.ref_id),
                    keys.delivery(job.id),
                    keys.message_list(task_names.CALLBACKS_QUEUE, 0),
                    keys.line(task_names.CALLBACKS_QUEUE, 0),
                    keys.QUEUE_PLACE,
                ],
                [now, job.id, ttl_ms],
            )
            for job in jobs
        ]
        states = self._scripts.run_all(calls)
        return [JobState(state.decode()) if state else None for state in states]

    def drop_executed(self, job_ids: Sequence[int]) -> None:
        """Take ids off the pending list whose jobs do not exist any more."""
        if job_ids:
            self._client.zrem(keys.EXECUTED, *job_ids)

    @property
    def _lease_ms(self) -> int:
        return milliseconds(self._settings.lease_s)


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds."""
    return round(seconds * 1000)


def lines(queue: str) -> list[str]:
    """Return the keys of a queue's lines, one a priority."""
    return [keys.line(queue, priority) for priority in task_names.PRIORITIES]


def line_keys(model: str) -> list[str]:
    """Return KEYS 8-13 of the moves that take a job out of its model's line."""
    queue = task_names.chat_queue(model)
    return lines(queue) + [keys.missing(queue, priority) for priority in task_names.PRIORITIES]


def move_keys(job_id: int) -> list[str]:
    """Return KEYS 1-7, common to every job move (see `lua/includes/finish.lua`)."""
    return [
        keys.job(job_id),
        keys.LEASES,
        keys.DEADLINES,
        keys.DELAYED,
        keys.EXECUTED,
        keys.message_list(task_names.COMPLETION_QUEUE, 0),
        keys.QUEUE_PLACE,
    ]


def _flat(fields: dict[str, str | bytes]) -> list[str | bytes]:
    return [part for pair in fields.items() for part in pair]


def _attempt_fields(record: Attempt | None) -> list[str]:
    return [f"{ATTEMPT_PREFIX}{record.number}", record.to_json()] if record else []
