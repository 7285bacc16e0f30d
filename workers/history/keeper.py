"""Stores ended jobs in the history: exactly one row each, whoever dies and whatever is away.

A job is in the ledger's list of unstored ones from the moment it is final. It leaves the list after
its row was committed, so a pass that broke off anywhere is made again; what is there already is
left alone. Nothing waits for the history: clients have their answers, callbacks are on their way.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import DataError

from shared.history.rows import body_row, job_row
from shared.history.writer import Record
from shared.job import Job
from workers.deps import Deps

#: What is wrong with a row itself, such as a number too large.
_REFUSED: Final = (DataError, OverflowError)

log = logging.getLogger(__name__)

#: Most jobs of one transaction, and about how many bytes of bodies (bytes) it may hold.
BATCH: Final = 300
_BATCH_BYTES: Final = 8 * 1024 * 1024
#: Jobs read in one round trip: their bodies may be large.
_PAGE: Final = 30
#: How long nobody else stores after this process said it does (seconds). Every batch renews it. In
#: a transaction that takes longer two may be at it: no harm, only work done twice.
_LEASE_S: Final = 5.0
#: How often a process looks for jobs to store (seconds). Jobs that ended meanwhile share one
#: transaction; a job is in the history this long after its end.
INTERVAL_S: Final = 0.5


class Keeper:
    """One process's part in it. Call it again and again."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._token = uuid.uuid4().hex
        self._ids_are_above = False

    def __call__(self) -> None:
        """Store until the list is empty. Raises redis.RedisError, DatabaseUnavailable."""
        try:
            self._pass()
        except Exception:
            # The ledger may come back emptied.
            self._ids_are_above = False
            raise

    def _pass(self) -> None:
        unstored = self._deps.unstored
        if not self._ids_are_above:
            unstored.keep_ids_above(self._deps.history.last_id())
            self._ids_are_above = True
        while ids := unstored.ids(BATCH):
            if not unstored.enter(self._token, _LEASE_S):
                return
            if not self._store(self._read(ids)):
                return

    def _read(self, ids: Sequence[int]) -> list[Job]:
        """Read the first jobs of the list, as many as fit into a transaction."""
        jobs: list[Job] = []
        size = 0
        for first in range(0, len(ids), _PAGE):
            page = ids[first : first + _PAGE]
            read = self._deps.unstored.read(page)
            self._deps.unstored.drop([i for i, job in zip(page, read, strict=True) if job is None])
            jobs += [job for job in read if job is not None]
            size += sum(_size(job) for job in read if job is not None)
            if size > _BATCH_BYTES:
                break
        return jobs

    def _store(self, jobs: Sequence[Job]) -> int:
        # One that was queued again since is off the list already; its next end puts it there anew.
        ended = [job for job in jobs if job.state.is_final]
        try:
            self._deps.history.store([self._record(job) for job in ended])
        except _REFUSED:
            for job in ended:
                self._store_alone(job)
        self._deps.unstored.note_stored(ended)
        return len(ended)

    def _store_alone(self, job: Job) -> None:
        """Store a job of a batch that was refused; one that nobody can store must not stop all."""
        try:
            self._deps.history.store([self._record(job)])
        except _REFUSED:
            log.exception("job %s: the history does not take it", job.id)

    def _record(self, job: Job) -> Record:
        with_contents = self._deps.settings.history_bodies == "all"
        return Record(job_row(job, self._deps.prices), body_row(job, with_contents=with_contents))


def _size(job: Job) -> int:
    return len(job.request) + len(job.response or b"") + len(job.error or b"")
