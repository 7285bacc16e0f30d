"""What is asked of the ledger: jobs, their state, their place in line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import redis

from shared.jobs.job import ATTEMPT_PREFIX, SUMMARY_FIELDS, Attempt, Job, JobState, from_hash
from shared.jobs.moves import Answer, Making, Position
from shared.ledger.news import read_news
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.scripts import Call

#: Most bytes of mailbox entries kept in one job.
_MAILBOX_BYTES: Final = 4096
#: Most owners looked at to tell a position.
_OWNERS_COUNTED: Final = 1000
_MAKING_FIELDS: Final = ("at", "attempt", "adjusted")
_ANSWER_FIELDS: Final = (
    *("state", "status", "response", "error", "created_ms", "executed_ms"),
    *_MAKING_FIELDS,
)
_SUMMARY_NAMES: Final = tuple(name.encode() for name in SUMMARY_FIELDS)


class Reader(Ledger):
    """Reads jobs, and where they stand."""

    @property
    def client(self) -> redis.Redis:
        """The connection to the ledger, for those who only read."""
        return self._client

    def position(self, job: Job) -> Position | None:
        """Return where a Queued job stands in line; None when it does not (it is due later)."""
        queue = task_names.chat_queue(job.model)
        call = Call(
            "position",
            [
                keys.drain(queue),
                *queue_keys.lines(queue),
                *queue_keys.waiting(queue),
                keys.turns(queue, job.priority),
                keys.waiting_of(queue, job.priority, job.owner),
            ],
            [
                self._clock(),
                job.id,
                task_names.PRIORITIES.index(job.priority) + 1,
                job.owner,
                _OWNERS_COUNTED,
            ],
        )
        row = self._scripts.run(call)
        return Position(before=int(row[0]), per_second=float(row[1])) if row else None

    def watch(self, job_id: int, mailbox: str) -> JobState | None:
        """Ask to be told at `mailbox` when the job moves; return its state now, None if gone."""
        call = Call("watch", [keys.job(job_id)], [mailbox, _MAILBOX_BYTES])
        state = self._scripts.run(call)
        return JobState(state.decode()) if state else None

    def get(self, job_id: int) -> Job | None:
        """Read a job; None when there is none with this id."""
        fields: Any = self._client.hgetall(keys.job(job_id))
        return from_hash(fields)

    def answer(self, job_id: int, news: bytes = b"") -> Answer | None:
        """Return what the job came to, and no more; None while it has no result.

        `news` is what a mailbox heard last; the ledger is asked for what that does not tell.
        """
        if news and (told := read_news(news, job_id)):
            return told
        row: Any = self._client.hmget(keys.job(job_id), *_ANSWER_FIELDS)
        state, status, response, error, created_ms, executed_ms, *making = row
        if state is None or not JobState(state.decode()).has_result:
            return None
        return Answer(
            job_id=job_id,
            status=int(status or 0),
            response=response,
            error=error,
            created_ms=int(created_ms or 0),
            executed_ms=int(executed_ms or 0),
            made=_making(*making),
        )

    def summaries(self, job_ids: Sequence[int]) -> list[Job | None]:
        """Read jobs in one round trip, without their contents and attempts."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(keys.job(job_id), *SUMMARY_FIELDS)
        return [
            from_hash({n: v for n, v in zip(_SUMMARY_NAMES, row, strict=True) if v is not None})
            for row in pipe.execute()
        ]

    def queued(self, models: Sequence[str]) -> dict[str, int]:
        """Return how many jobs wait for each of these models, by queue."""
        queues = [task_names.chat_queue(model) for model in models]
        pipe = self._client.pipeline(transaction=False)
        for queue in queues:
            for line in (*queue_keys.lines(queue), *queue_keys.waiting(queue)):
                pipe.zcard(line)
        sizes = pipe.execute()
        step = 2 * len(task_names.PRIORITIES)
        return {queue: sum(sizes[i * step : (i + 1) * step]) for i, queue in enumerate(queues)}

    def beginning(self, job_id: int) -> str:
        """Return the mark of how a job's prompt begins; empty for none."""
        mark: Any = self._client.hget(keys.job(job_id), "beginning")
        return mark.decode() if mark else ""

    def making(self, job_id: int) -> Making:
        """Return how the job's present attempt, or its last, makes the answer."""
        row: Any = self._client.hmget(keys.job(job_id), *_MAKING_FIELDS)
        return _making(*row)

    def failure(self, job_id: int, number: int) -> str:
        """Return what this attempt failed with; empty where it was no provider's failure."""
        record: Any = self._client.hget(keys.job(job_id), f"{ATTEMPT_PREFIX}{number}")
        return _failure_of(record)

    def last_failures(self, job_ids: Sequence[int]) -> list[str]:
        """Return what each job's last attempt failed with; empty where it was no provider's."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(keys.job(job_id), "attempt", "attempts_before")
        rows = pipe.execute()
        for job_id, (number, _) in zip(job_ids, rows, strict=True):
            pipe.hget(keys.job(job_id), f"{ATTEMPT_PREFIX}{int(number or 0)}")
        # A job that is tried anew by its client has those of before, which are none of it now.
        return [
            _failure_of(record) if number != before else ""
            for (number, before), record in zip(rows, pipe.execute(), strict=True)
        ]

    def find_id(self, owner: str, ref_id: str) -> int | None:
        """Return the id of the owner's job with this RefId."""
        value: Any = self._client.get(keys.ref(owner, ref_id))
        return int(value) if value else None

    def ping(self) -> None:
        """Raise unless the ledger answers and takes writes."""
        # PING answers on a full Redis and on a replica too. This is a write that changes nothing.
        self._client.incrby(keys.JOB_ID, 0)


def _failure_of(record: bytes | None) -> str:
    attempt = Attempt(**json.loads(record)) if record else None
    return attempt.detail if attempt and attempt.outcome == "failed" else ""


def _making(provider: bytes | None, attempt: bytes | None, adjusted: bytes | None) -> Making:
    noted_by, _, names = (adjusted or b"").decode().partition(" ")
    is_its_own = noted_by.encode() == attempt
    return Making((provider or b"").decode(), names if is_its_own else "")
