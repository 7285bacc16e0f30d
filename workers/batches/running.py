"""Runs a batch: answers are collected, and lines become jobs as far as there is room for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final

from shared.batches.batch import Batch, Status, flow_of
from shared.batches.lines import answer_line, request_of
from shared.batches.paging import pages
from shared.batches.store import Line, Outcome
from shared.batches.tables import ANSWERED, AWAY, FAILED, RUNNING, WAITING
from shared.errors import Failure, QueueFull, ServiceError
from shared.jobs.job import NewJob, failure_body
from shared.queues import names as task_names
from workers.batches.beginnings import marked, together
from workers.batches.collecting import collect
from workers.batches.desk import Desk
from workers.batches.own.deciding import SOME, decide
from workers.batches.own.moving import move
from workers.batches.pace import Moved, moved
from workers.batches.problems import WAITING as WAITS
from workers.batches.problems import tell_waiting
from workers.batches.reading import read_lines, ref_id_of
from workers.batches.stopping import stop
from workers.heavy import away
from workers.routing.stored_calls import allowance_of, check_served, passes_by_itself, standing_of

#: Most lines that become jobs in one step, and most bytes of them.
_LINES: Final = 250
_BYTES: Final = 8 * 1024 * 1024
#: So much later than their batch its jobs end by themselves (seconds): they are told as expired
#: with it, not as too late one by one.
_LATER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Fed:
    """What became of lines: jobs by their numbers, refusals, and why there is no room for more."""

    jobs: dict[int, int | None] = field(default_factory=dict)
    refused: list[Outcome] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)


def run(desk: Desk, batch: Batch, share: int) -> Moved:
    """Collect what has ended, feed what has room; end when nothing is left or the time is over.

    `share` is how many of its jobs may be in the queues.
    """
    key = desk.keys.of(batch.key_id)
    lost, batch = key.lost, key.rights_of(batch)
    if not (batch.singly or lost):
        # The rest comes with the next step, when what is decided is kept.
        decide(desk, batch)
        return Moved.MUCH
    ended = _collected(desk, batch, lost)
    counts = desk.batches.counts(batch.id)
    known = replace(batch, completed=counts[ANSWERED], failed=counts[FAILED])
    if counts[RUNNING]:
        known = known.without_problem(WAITS)
    now_s = desk.process.clock()
    left = counts[WAITING] + counts[RUNNING] + counts[AWAY]
    if not left or now_s >= batch.expires_at:
        ends_as = Status.EXPIRED if left else Status.COMPLETED
        desk.batches.save(known.at(Status.FINALIZING, now_s, ends_as=ends_as.value))
        return Moved.MUCH
    if lost:
        return stop(desk, batch, known, lost, is_running=counts[RUNNING] > 0)
    if known != batch:
        # Somebody who cancels meanwhile comes first; the counts come with the next step.
        desk.batches.save(known)
    fed, waits = _feed_all(desk, batch, _room(share, counts))
    if waits and not fed and not counts[RUNNING] and known == batch:
        tell_waiting(desk, batch, waits)
    if not counts[WAITING] + counts[RUNNING]:
        # Providers take hours with what they have.
        return Moved.NOTHING_SOON
    return moved(max(ended, fed), share)


def _collected(desk: Desk, batch: Batch, lost: str) -> int:
    """Take what has ended; have providers' own batches go on unless the key is lost."""
    ended = collect(desk, batch)
    if not lost:
        move(desk, batch)
    return ended


def _feed_all(desk: Desk, batch: Batch, room: int) -> tuple[int, str]:
    """Make jobs of as many lines as there is room for; return of how many, and why of no more."""
    fed, waits = 0, ""
    while fed < room and not waits:
        some, waits = _feed(desk, batch, min(room - fed, _LINES))
        if not some:
            break
        fed += some
        desk.rest()
    return fed, waits


def _room(share: int, counts: Mapping[int, int]) -> int:
    """Return how many lines to feed: a whole step, in which those that begin alike are together."""
    room = share - counts[RUNNING]
    return room if room >= min(_LINES, share // 4, counts[WAITING]) else 0


def _feed(desk: Desk, batch: Batch, room: int) -> tuple[int, str]:
    """Make jobs of the next lines; return of how many, and why no more can be done now."""
    some = batch.singly == SOME
    waiting = desk.batches.lines(batch.id, WAITING, room, single=some)
    chosen = next(pages(waiting, attrgetter("size"), _LINES, _BYTES), None)
    if chosen is None:
        return 0, ""
    fed = _Fed()
    try:
        _accept_all(desk, batch, together(_wanted(desk, batch, chosen, fed)), fed)
    finally:
        desk.batches.note_jobs(batch.id, fed.jobs)
        desk.batches.note_outcomes(batch.id, fed.refused)
    return len(fed.jobs) + len(fed.refused), next(iter(fed.waits), "")


def _wanted(
    desk: Desk, batch: Batch, chosen: Sequence[Line], fed: _Fed
) -> list[tuple[Line, NewJob]]:
    """Return the jobs that lines are to be; those that can be none are refused."""
    wanted = []
    pairs = zip(chosen, read_lines(desk, batch, chosen), strict=True)
    for line, raw in desk.paced(pairs):
        try:
            wanted.append((line, marked(_new_job(desk, batch, line, raw))))
        except ServiceError as exc:
            if passes_by_itself(exc):
                fed.waits.append(exc.message)
                break
            fed.refused.append(_refusal(batch, line, exc))
    return wanted


def _accept_all(desk: Desk, batch: Batch, wanted: Sequence[tuple[Line, NewJob]], fed: _Fed) -> None:
    """Make the jobs, many in one round trip, as far as there is room."""
    done = 0
    while done < len(wanted):
        try:
            for accepted in desk.jobs.accept_all([new for _, new in wanted[done:]]):
                fed.jobs[wanted[done][0].number] = accepted.id
                done += 1
        except ServiceError as exc:
            if isinstance(exc, QueueFull) or passes_by_itself(exc):
                fed.waits.append(exc.message)
                return
            fed.refused.append(_refusal(batch, wanted[done][0], exc))
            done += 1


def _new_job(desk: Desk, batch: Batch, line: Line, raw: bytes) -> NewJob:
    call = away(len(raw), lambda: request_of(batch.endpoint, raw))
    check_served(desk.registry, batch, call)
    left_s = max(1.0, batch.expires_at - desk.process.clock()) + _LATER_S
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


def _refusal(batch: Batch, line: Line, error: ServiceError) -> Outcome:
    failure = Failure(
        error.status, error.type, error.code, error.message, error.error_code, error.field
    )
    answer = answer_line(batch.id, line, error.status, "", failure_body(failure))
    return Outcome(line.number, is_answer=False, answer=answer)
