"""Collects what came of a batch's jobs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from operator import itemgetter
from typing import Final

from shared.batches.batch import Batch
from shared.batches.line_jobs import Ended
from shared.batches.lines import answer_line, failure_line
from shared.batches.paging import pages
from shared.batches.store import Line, Outcome
from shared.batches.tables import RUNNING
from workers.batches.desk import Desk
from workers.batches.reading import ref_id_of

#: Most jobs, and bytes of them, that are read in one round trip and noted in one transaction: some
#: milliseconds of this process, which has other things to do.
_READS: Final = 64
_READ_BYTES: Final = 512 * 1024


def collect(desk: Desk, batch: Batch, cut_off: tuple[str, str] | None = None) -> int:
    """Note the outcomes of the jobs that have ended; return of how many.

    `cut_off` is the code and message for those that were cancelled with the batch.
    """
    running = desk.batches.lines(batch.id, RUNNING, desk.process.settings.batch_window)
    ended, lost = desk.line_jobs.ended(running, batch.owner)
    for page in pages(ended, itemgetter(1), _READS, _READ_BYTES):
        _note(desk, batch, [line for line, _ in page], cut_off)
        desk.rest()
    for line in lost:
        _recover(desk, batch, line, cut_off)
    return len(ended) + len(lost)


def _note(desk: Desk, batch: Batch, lines: Sequence[Line], cut_off: tuple[str, str] | None) -> None:
    jobs = desk.line_jobs.read(lines)
    found = [(line, job) for line, job in zip(lines, jobs, strict=True) if job is not None]
    desk.batches.note_outcomes(
        batch.id, [_outcome(batch, line, job, cut_off) for line, job in found]
    )
    named = [(line, ref_id_of(batch, line)) for line, _ in found]
    desk.line_jobs.let_go(named, batch.owner)


def _recover(desk: Desk, batch: Batch, line: Line, cut_off: tuple[str, str] | None) -> None:
    """Find a job that left the ledger in the history; else the line gets another."""
    job = desk.history.get(line.job or 0, batch.owner)
    if job is not None and job.ref_id.startswith(batch.id) and (job.response or job.error):
        ended = Ended(job.outcome, job.status, job.response, job.error)
        desk.batches.note_outcomes(batch.id, [_outcome(batch, line, ended, cut_off)])
    else:
        desk.batches.note_jobs(batch.id, {line.number: None})


def _outcome(batch: Batch, line: Line, job: Ended, cut_off: tuple[str, str] | None) -> Outcome:
    request_id = f"job_{line.job}"
    if job.response is not None:
        status = job.status or HTTPStatus.OK
        answer = answer_line(batch.id, line, status, request_id, job.response)
        return Outcome(line.number, is_answer=True, answer=answer)
    if cut_off is not None and job.outcome == "Cancelled":
        return Outcome(line.number, is_answer=False, answer=failure_line(batch.id, line, *cut_off))
    status = job.status or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = answer_line(batch.id, line, status, request_id, job.error or b"{}")
    return Outcome(line.number, is_answer=False, answer=answer)
