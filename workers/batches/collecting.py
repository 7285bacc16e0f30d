"""Collects what came of a batch's jobs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from shared.batches.batch import Batch
from shared.batches.lines import answer_line, failure_line
from shared.batches.store import Line, Outcome
from shared.batches.tables import RUNNING
from shared.jobs.job import Job
from workers.batches.desk import Desk

#: Jobs that are read whole in one round trip: they may be large.
_READS: Final = 25


def collect(desk: Desk, batch: Batch, cut_off: tuple[str, str] | None = None) -> None:
    """Note the outcomes of the jobs that have ended.

    `cut_off` is the code and message for those that were cancelled with the batch.
    """
    running = desk.batches.lines(batch.id, RUNNING, desk.process.settings.batch_window)
    ended, lost = desk.line_jobs.ended(running, batch.owner)
    for first in range(0, len(ended), _READS):
        _note(desk, batch, ended[first : first + _READS], cut_off)
        # Each page is some milliseconds of this process, which has other things to do.
        desk.process.sleep(0)
    for line in lost:
        _recover(desk, batch, line, cut_off)


def _note(desk: Desk, batch: Batch, lines: Sequence[Line], cut_off: tuple[str, str] | None) -> None:
    jobs = desk.unstored.read([line.job or 0 for line in lines])
    found = [(line, job) for line, job in zip(lines, jobs, strict=True) if job is not None]
    desk.batches.note_outcomes(
        batch.id, [_outcome(batch, line, job, cut_off) for line, job in found]
    )
    desk.line_jobs.let_go([job for _, job in found])


def _recover(desk: Desk, batch: Batch, line: Line, cut_off: tuple[str, str] | None) -> None:
    """Find a job that left the ledger in the history; else the line gets another."""
    job = desk.history.get(line.job or 0, batch.owner)
    if job is not None and job.ref_id.startswith(batch.id) and (job.response or job.error):
        desk.batches.note_outcomes(batch.id, [_outcome(batch, line, job, cut_off)])
    else:
        desk.batches.note_jobs(batch.id, {line.number: None})


def _outcome(batch: Batch, line: Line, job: Job, cut_off: tuple[str, str] | None) -> Outcome:
    request_id = f"job_{job.id}"
    if job.response is not None:
        status = job.status or HTTPStatus.OK
        answer = answer_line(batch.id, line, status, request_id, job.response)
        return Outcome(line.number, is_answer=True, answer=answer)
    if cut_off is not None and job.outcome == "Cancelled":
        return Outcome(line.number, is_answer=False, answer=failure_line(batch.id, line, *cut_off))
    status = job.status or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = answer_line(batch.id, line, status, request_id, job.error or b"{}")
    return Outcome(line.number, is_answer=False, answer=answer)
