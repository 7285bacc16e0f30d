"""The chat worker's moves: an attempt begins, keeps its lease, fails over, and ends."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.jobs.job import ATTEMPT_PREFIX, Attempt, JobState
from shared.jobs.moves import Claim, Deferred, Executed, NoFailOver, Renewal, Result
from shared.operation import Operation
from shared.queues import queue_keys
from shared.queues.candidates import PREFIXES, Candidate, slot_keys, to_json
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.scripts import Call


class Attempts(Ledger):
    """Begins attempts at jobs and ends them. Each has a number, and only the job's own may end."""

    def claim(
        self,
        job_id: int,
        queue: str,
        priority: int,
        worker: str,
        candidates: Sequence[Candidate] = (),
    ) -> Claim | None:
        """Start an attempt at the first candidate that has room.

        None when the message that led here is stale, or the job waits until one has room.
        `queue` and `priority` are the message's: the next job in turn takes its place.
        """
        call = Call(
            "claim",
            [
                *queue_keys.move_keys(job_id),
                *queue_keys.lines(queue),
                *queue_keys.missing(queue),
                *queue_keys.window(queue, priority),
                keys.drain(queue),
                keys.GATES,
                *slot_keys(candidates),
            ],
            [
                self._clock(),
                job_id,
                self._lease_ms,
                worker,
                queue,
                priority,
                self._settings.queue_window,
                uuid.uuid4().hex,
                to_json(candidates),
                PREFIXES,
                keys.LIVE_PREFIX,
            ],
        )
        row = self._scripts.run(call)
        return _to_claim(job_id, row) if row else None

    def fail_over(
        self, claim: Claim, candidates: Sequence[Candidate], record: Attempt
    ) -> Claim | NoFailOver:
        """Begin the next attempt at once, at a candidate that has not failed this job."""
        call = Call(
            "fail_over",
            [keys.job(claim.id), *slot_keys(candidates)],
            [
                self._clock(),
                claim.id,
                claim.attempt,
                uuid.uuid4().hex,
                self._lease_ms,
                to_json(candidates),
                claim.chosen,
                *_attempt_fields(record),
            ],
        )
        row = self._scripts.run(call)
        if isinstance(row, bytes):
            return NoFailOver(row.decode())
        attempt, provider, now_ms = row
        return replace(
            claim,
            attempt=int(attempt),
            chosen=provider.decode(),
            now_ms=int(now_ms),
            failed=(*claim.failed, claim.chosen),
        )

    def note_adjusted(self, job_id: int, attempt: int, names: Sequence[str]) -> None:
        """Note which fields of the request the attempt could not follow to the letter."""
        self._scripts.run(Call("note_adjusted", [keys.job(job_id)], [attempt, ", ".join(names)]))

    def renew(self, attempts: Sequence[tuple[int, int]]) -> list[Renewal]:
        """Renew the leases of (id, attempt) pairs in one round trip."""
        now = self._clock()
        calls = [
            Call("renew", [keys.job(job_id), keys.LEASES], [now, job_id, attempt, self._lease_ms])
            for job_id, attempt in attempts
        ]
        return [Renewal(answer.decode()) for answer in self._scripts.run_all(calls)]

    def execute(
        self,
        job_id: int,
        attempt: int,
        result: Result,
        record: Attempt | None = None,
        along: Sequence[Call] = (),
    ) -> Executed:
        """Store the job's one result and hand it to completion; send other calls along."""
        field = "response" if result.outcome is JobState.COMPLETED else "error"
        call = Call(
            "execute",
            queue_keys.move_keys(job_id),
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
        return Executed(self._run_along(call, along).decode())

    def defer(
        self,
        job_id: int,
        attempt: int,
        delay_s: float,
        record: Attempt | None = None,
        *,
        failed: Sequence[str] = (),
        along: Sequence[Call] = (),
    ) -> Deferred:
        """Queue the job again, due in `delay_s` seconds; send other calls along.

        `failed` names the providers that have failed it so far.
        """
        call = Call(
            "defer",
            queue_keys.move_keys(job_id),
            [
                self._clock(),
                job_id,
                attempt,
                milliseconds(delay_s),
                "due_in_ms",
                milliseconds(delay_s),
                *(("failed", _joined(failed)) if failed else ()),
                *_attempt_fields(record),
            ],
        )
        return Deferred(self._run_along(call, along).decode())

    def _run_along(self, call: Call, along: Sequence[Call]) -> Any:
        return self._scripts.run_all([call, *along])[0] if along else self._scripts.run(call)

    @property
    def _lease_ms(self) -> int:
        return milliseconds(self._settings.lease_s)


def _to_claim(job_id: int, row: Sequence[Any]) -> Claim:
    now_ms, attempt, request, model, provider, deadline_ms, ref_id, *how = row
    streamed, operation, chosen, failed, before, owner, flow, base_url = how
    return Claim(
        id=job_id,
        attempt=int(attempt),
        ref_id=ref_id.decode(),
        model=model.decode(),
        provider=provider.decode(),
        request=request,
        now_ms=int(now_ms),
        deadline_ms=int(deadline_ms),
        streamed=streamed == b"1",
        operation=Operation(operation.decode()) if operation else Operation.CHAT,
        attempts_before=int(before or 0),
        chosen=chosen.decode(),
        failed=_names(failed),
        flow=flow.decode() if flow else "",
        owner=owner.decode(),
        base_url=base_url.decode() if base_url else "",
    )


def _joined(names: Sequence[str]) -> str:
    return "".join(["\x1f", *(f"{name}\x1f" for name in names)])


def _names(joined: bytes | None) -> tuple[str, ...]:
    return tuple(name for name in joined.decode().split("\x1f") if name) if joined else ()


def _attempt_fields(record: Attempt | None) -> list[str]:
    return [f"{ATTEMPT_PREFIX}{record.number}", record.to_json()] if record else []
