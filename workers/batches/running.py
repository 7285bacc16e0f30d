"""Runs a batch: answers are collected, and lines become jobs as far as there is room for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.batches.batch import Batch, Status, flow_of
from shared.batches.lines import answer_line, request_of
from shared.batches.store import Line, Outcome
from shared.batches.tables import ANSWERED, FAILED, RUNNING, WAITING
from shared.errors import Failure, QueueFull, ServiceError
from shared.jobs.job import NewJob, failure_body
from shared.queues import names as task_names
from workers.batches.collecting import collect
from workers.batches.desk import Desk
from workers.heavy import away
from workers.routing.stored_calls import allowance_of, check_served, passes_by_itself, standing_of

#: Most lines that become jobs in one step, and most bytes of them.
_LINES: Final = 250
_BYTES: Final = 8 * 1024 * 1024
#: The longest RefId that says what it stands for.
_LONGEST_REF: Final = 120


@dataclass(frozen=True, slots=True)
class _Fed:
    """What became of lines: jobs by their numbers, and refusals."""

    jobs: dict[int, int | None]
    refused: list[Outcome]


def run(desk: Desk, batch: Batch, share: int) -> None:
    """Collect what has ended, feed what has room; end when nothing is left or the time is over."""
    collect(desk, batch)
    counts = desk.batches.counts(batch.id)
    known = replace(batch, completed=counts[ANSWERED], failed=counts[FAILED])
    now_s = desk.process.clock()
    left = counts[WAITING] + counts[RUNNING]
    if not left or now_s >= batch.expires_at:
        ends_as = Status.EXPIRED if left else Status.COMPLETED
        desk.batches.save(known.at(Status.FINALIZING, now_s, ends_as=ends_as.value))
        return
    if (known.completed, known.failed) != (batch.completed, batch.failed):
        # Somebody who cancels meanwhile comes first; the counts come with the next step.
        desk.batches.save(known)
    room = share - counts[RUNNING]
    while room > 0 and (fed := _feed(desk, batch, min(room, _LINES))):
        room -= fed
        desk.process.sleep(0)


def _feed(desk: Desk, batch: Batch, room: int) -> int:
    """Make jobs of the next lines; return of how many, 0 when there is no more to be done now."""
    chosen = _within(desk.batches.lines(batch.id, WAITING, room))
    if not chosen:
        return 0
    fed = _Fed({}, [])
    try:
        is_done = _accept_all(desk, batch, _wanted(desk, batch, chosen, fed), fed)
    finally:
        desk.batches.note_jobs(batch.id, fed.jobs)
        desk.batches.note_outcomes(batch.id, fed.refused)
    return len(chosen) if is_done else 0


def _wanted(
    desk: Desk, batch: Batch, chosen: Sequence[Line], fed: _Fed
) -> list[tuple[Line, NewJob]]:
    """Return the jobs that lines are to be; those that can be none are refused."""
    wanted = []
    for line, raw in zip(chosen, _read(desk, batch, chosen), strict=True):
        try:
            wanted.append((line, _new_job(desk, batch, line, raw)))
        except ServiceError as exc:
            if passes_by_itself(exc):
                break
            fed.refused.append(_refusal(batch, line, exc))
    return wanted


def _accept_all(desk: Desk, batch: Batch, wanted: Sequence[tuple[Line, NewJob]], fed: _Fed) -> bool:
    """Make the jobs, many in one round trip; return whether there was room for all."""
    done = 0
    while done < len(wanted):
        try:
            for accepted in desk.jobs.accept_all([new for _, new in wanted[done:]]):
                fed.jobs[wanted[done][0].number] = accepted.id
                done += 1
        except ServiceError as exc:
            if isinstance(exc, QueueFull) or passes_by_itself(exc):
                return False
            fed.refused.append(_refusal(batch, wanted[done][0], exc))
            done += 1
    return True


def _within(waiting: Sequence[Line]) -> list[Line]:
    """Return the first lines that are not too many bytes together; one at least."""
    chosen: list[Line] = []
    size = 0
    for line in waiting:
        size += line.size
        if chosen and size > _BYTES:
            break
        chosen.append(line)
    return chosen


def _read(desk: Desk, batch: Batch, chosen: Sequence[Line]) -> list[bytes]:
    """Return the text of these lines; each by itself, for lines between may have ended before."""
    file = desk.artifacts.find(batch.input_file_id)
    if file is None:
        return [b"" for _ in chosen]
    first, last = chosen[0], chosen[-1]
    span = last.start + last.size - first.start
    if span <= 2 * _BYTES:
        text = b"".join(desk.artifacts.read(file, first.start, first.start + span))
        at = [line.start - first.start for line in chosen]
        return [text[start : start + line.size] for start, line in zip(at, chosen, strict=True)]
    read = desk.artifacts.read
    return [b"".join(read(file, line.start, line.start + line.size)) for line in chosen]


def _new_job(desk: Desk, batch: Batch, line: Line, raw: bytes) -> NewJob:
    call = away(len(raw), lambda: request_of(batch.endpoint, raw))
    check_served(desk.registry, batch, call)
    left_s = max(1.0, batch.expires_at - desk.process.clock())
    tier, weight = standing_of(batch, call)
    return NewJob(
        owner=batch.owner,
        ref_id=ref_id_of(batch, line),
        model=call.chat.model,
        request=call.chat.body.encode("utf-8"),
        fingerprint="",
        priority=task_names.BULK,
        timeout_s=min(left_s, call.timeout_s or left_s),
        tag=call.tag or "",
        provider=call.provider or "",
        operation=call.chat.operation,
        allowance=allowance_of(batch, call),
        tier=tier,
        weight=weight,
        flow=call.flow or flow_of(batch.metadata),
    )


def ref_id_of(batch: Batch, line: Line) -> str:
    """Return the name by which a line has one job, however often it is fed."""
    name = f"{batch.id}:{line.custom_id}"
    if len(name) <= _LONGEST_REF:
        return name
    return f"{batch.id}:{hashlib.sha256(line.custom_id.encode()).hexdigest()}"


def _refusal(batch: Batch, line: Line, error: ServiceError) -> Outcome:
    failure = Failure(
        error.status, error.type, error.code, error.message, error.error_code, error.field
    )
    answer = answer_line(batch.id, line, error.status, "", failure_body(failure))
    return Outcome(line.number, is_answer=False, answer=answer)
