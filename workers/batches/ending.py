"""Ends a batch: what is under way ends first, then its files are written, then it is told of."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sqlalchemy.exc import IntegrityError

from shared.artifacts.artifact import BATCH_OUTPUT
from shared.batches.batch import KEY_LOST, Batch, Status
from shared.batches.lines import failure_line
from shared.batches.store import Outcome
from shared.batches.tables import ANSWERED, AWAY, FAILED, RUNNING, WAITING
from shared.batches.usage import Sum
from workers.batches.collecting import collect
from workers.batches.desk import Desk
from workers.batches.own.moving import move
from workers.heavy import away

#: Most lines that are given up in one transaction, and such of one step; and most jobs that are
#: cancelled together. Other batches have their turn between two steps.
_PAGE: Final = 1000
_PAGES: Final = 5
_JOBS: Final = 50
#: How long the files are kept unless the batch says (seconds).
_KEPT_S: Final = 30 * 86_400
_CUT_OFF: Final = {
    Status.EXPIRED: ("batch_expired", "This request was not executed in time."),
    Status.CANCELLED: ("batch_cancelled", "This request was cancelled with its batch."),
}


def wind_down(desk: Desk, batch: Batch, ends_as: Status) -> bool:
    """Give up what waits, cancel what runs; go on to the files when all lines have an outcome.

    Returns whether they have.
    """
    is_done = _is_wound_down(desk, batch, ends_as)
    if is_done:
        counts = desk.batches.counts(batch.id)
        known = replace(batch, completed=counts[ANSWERED], failed=counts[FAILED])
        now_s = desk.process.clock()
        desk.batches.save(known.at(Status.FINALIZING, now_s, ends_as=ends_as.value))
    return is_done


def finish(desk: Desk, batch: Batch) -> bool:
    """Write the files, and end; False when lines have no outcome yet."""
    ends_as = Status(batch.ends_as)
    if ends_as is Status.EXPIRED and not _is_wound_down(desk, batch, ends_as):
        return False
    counts = desk.batches.counts(batch.id)
    used = Sum(away)
    answers = used.of(desk.paced(desk.batches.outcomes(batch.id, ANSWERED)))
    failures = desk.paced(desk.batches.outcomes(batch.id, FAILED))
    output = _write(desk, batch, "output", answers) if counts[ANSWERED] else ""
    error = _write(desk, batch, "error", failures) if counts[FAILED] else ""
    # What a file that was there already has in it is to be counted, too.
    deque(answers, maxlen=0)
    ended = replace(
        batch,
        errors=tuple(row for row in batch.errors if row.get("code") == KEY_LOST),
        usage=used.told(),
        completed=counts[ANSWERED],
        failed=counts[FAILED],
        output_file_id=output,
        error_file_id=error,
    )
    desk.batches.save(ended.at(ends_as, desk.process.clock(), to_tell=True))
    return True


def tell(desk: Desk, batch: Batch) -> None:
    """Tell of the end, and let go of what was needed."""
    desk.announcements.tell(batch)
    desk.artifacts.release(batch.id)
    desk.batches.forget_lines(batch.id)
    desk.batches.save(replace(batch, to_tell=False))


def _is_wound_down(desk: Desk, batch: Batch, ends_as: Status) -> bool:
    """Whether all lines have an outcome; does what leads there."""
    cut_off = _CUT_OFF[ends_as]
    if not _has_given_up(desk, batch, cut_off):
        return False
    _cancel_jobs(desk, batch)
    collect(desk, batch, cut_off)
    move(desk, batch, stops=True)
    counts = desk.batches.counts(batch.id)
    return not counts[WAITING] + counts[RUNNING] + counts[AWAY]


def _has_given_up(desk: Desk, batch: Batch, cut_off: tuple[str, str]) -> bool:
    """Give up lines that wait; return whether those were all."""
    for _ in range(_PAGES):
        waiting = desk.batches.lines(batch.id, WAITING, _PAGE)
        given_up = [
            Outcome(one.number, is_answer=False, answer=failure_line(batch.id, one, *cut_off))
            for one in waiting
        ]
        desk.batches.note_outcomes(batch.id, given_up)
        if len(waiting) < _PAGE:
            return True
        desk.rest()
    return False


def _cancel_jobs(desk: Desk, batch: Batch) -> None:
    """Cancel all its jobs that have not ended, those behind slow ones too."""
    after = -1
    while running := desk.batches.lines(batch.id, RUNNING, _JOBS, after=after):
        jobs = desk.jobs.summaries([line.job or 0 for line in running])
        desk.jobs.cancel_all(
            [
                job
                for job in jobs
                if job is not None and job.owner == batch.owner and not job.state.has_result
            ]
        )
        after = running[-1].number
        desk.rest()


def _write(desk: Desk, batch: Batch, kind: str, lines: Iterable[bytes]) -> str:
    """Write a file, and return its id: always the same one, for a step that is done again."""
    name = hashlib.sha256(f"{batch.id} {kind}".encode()).hexdigest()[:32]
    file_id = f"file-{name}"
    if desk.artifacts.find(file_id) is None:
        try:
            desk.artifacts.receive(
                lines,
                owner=batch.owner,
                name=f"{batch.id}_{kind}.jsonl",
                purpose=BATCH_OUTPUT,
                expires_s=batch.output_expires_s or _KEPT_S,
                artifact_id=file_id,
                most_bytes=2**50,
            )
        except IntegrityError:
            # Somebody else wrote it meanwhile, from the same lines.
            return file_id
    return file_id
