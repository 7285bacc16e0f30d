"""Stores ended jobs in the history: exactly one row each, whoever dies and whatever is away.

A job is in the ledger's list of unstored ones from the moment it is final. It leaves the list after
its row was committed, so a pass that broke off anywhere is made again; what is there already is
left alone. Nothing waits for the history: clients have their answers, callbacks are on their way.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy.exc import DataError

from shared.history.rows import Row, body_row, job_row
from shared.history.writer import Record
from shared.jobs.job import Job, JobState
from shared.named_error import named
from shared.providers.prices import Prices
from shared.store import redis_keys as keys
from shared.telemetry.tally import Tallied
from workers.history.deps import HistoryDeps

#: What is wrong with a row itself, such as a number too large.
_REFUSED: Final = (DataError, OverflowError)
#: What a job raises that is not as this version writes them.
_UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError)

log = logging.getLogger(__name__)

#: Most jobs of one transaction, and about how many bytes of bodies (bytes) it may hold.
BATCH: Final = 1000
_BATCH_BYTES: Final = 8 * 1024 * 1024
#: Jobs read in one round trip and made into rows: their bodies may be large, and only the wait for
#: the next page lets others have their turn.
_PAGE: Final = 30
#: How long nobody else stores after this process said it does (seconds). Every batch renews it. In
#: a transaction that takes longer two may be at it: no harm, only work done twice.
_LEASE_S: Final = 5.0
#: How often a process looks for jobs to store (seconds). Jobs that ended meanwhile share one
#: transaction; a job is in the history this long after its end.
INTERVAL_S: Final = 1.0


class _Ended(NamedTuple):
    """A job that ended, with what is stored of it."""

    job: Job
    record: Record


class Keeper:
    """One process's part in it. Call it again and again."""

    def __init__(self, deps: HistoryDeps) -> None:
        self._deps = deps
        self._token = uuid.uuid4().hex
        self._ids_are_above = False
        #: Jobs that this process cannot read or make into rows, such as those of a newer version;
        #: they stay on the list for one that can.
        self._unable: set[int] = set()

    def __call__(self) -> None:
        """Store what is on the list now. Raises redis.RedisError, DatabaseUnavailable."""
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
        # What ends meanwhile waits for the next pass: else batches would be small under load.
        left = unstored.count()
        while left > 0 and (ids := self._ids(min(BATCH, left))):
            if not unstored.enter(self._token, _LEASE_S):
                return
            stored = self._store(self._read(ids))
            if not stored:
                return
            left -= stored

    def _ids(self, most: int) -> list[int]:
        ids = self._deps.unstored.ids(most + len(self._unable))
        return [one for one in ids if one not in self._unable][:most]

    def _read(self, ids: Sequence[int]) -> list[_Ended]:
        """Read the first jobs of the list, as many as fit into a transaction."""
        prices = self._deps.prices.current()
        ended: list[_Ended] = []
        size = 0
        for first in range(0, len(ids), _PAGE):
            jobs = self._read_page(ids[first : first + _PAGE])
            ended += self._records(jobs, prices)
            size += sum(map(_size, jobs))
            if size > _BATCH_BYTES:
                break
        return ended

    def _read_page(self, ids: Sequence[int]) -> list[Job]:
        try:
            jobs = self._deps.unstored.read(ids)
        except _UNREADABLE as exc:
            if len(ids) == 1:
                self._give_up(ids[0], exc)
                return []
            return [job for one in ids for job in self._read_page([one])]
        self._deps.unstored.drop([i for i, job in zip(ids, jobs, strict=True) if job is None])
        return [job for job in jobs if job is not None]

    def _records(self, jobs: Iterable[Job], prices: Prices) -> Iterable[_Ended]:
        whole = self._deps.process.settings.history_bodies == "all"
        for job in jobs:
            # One that was queued again is off the list already; its next end puts it there anew.
            if job.state.is_final:
                try:
                    record = Record(job_row(job, prices), body_row(job, with_contents=whole))
                except _UNREADABLE as exc:
                    self._give_up(job.id, exc)
                else:
                    yield _Ended(job, record)

    def _give_up(self, job_id: int, error: Exception) -> None:
        """Leave a job to others: one must not stop all."""
        log.error("job %s: cannot be read for the history: %s", job_id, named(error))
        self._unable.add(job_id)

    def _store(self, ended: Sequence[_Ended]) -> int:
        try:
            self._deps.history.store([one.record for one in ended])
        except _REFUSED:
            for one in ended:
                self._store_alone(one)
        costs = {one.job.id: one.record.row["cost_nanos"] for one in ended}
        left = self._deps.unstored.note_stored([one.job for one in ended], costs)
        self._tally(one.record.row for one in ended if one.job.id in left)
        self._note_answers([one.record.row for one in ended])
        return len(ended)

    def _tally(self, rows: Iterable[Row]) -> None:
        tally = self._deps.process.tally
        for row in rows:
            names = row["model"], row["provider"]
            for kind in ("prompt", "completion"):
                tally.add(Tallied.TOKENS, *names, kind, number=row[f"{kind}_tokens"])

    def _note_answers(self, rows: Sequence[Row]) -> None:
        """Providers that answered jobs are there, whatever a probe once said."""
        answered = {row["provider"] for row in rows if row["state"] == JobState.COMPLETED}
        text = json.dumps({"atMs": round(self._deps.process.clock() * 1000), "problem": ""})
        if found := dict.fromkeys(answered - {""}, text):
            self._deps.process.redis.hset(keys.PROBED, mapping=found)

    def _store_alone(self, ended: _Ended) -> None:
        """Store a job of a batch that was refused; one that nobody can store must not stop all."""
        try:
            self._deps.history.store([ended.record])
        except _REFUSED:
            log.exception("job %s: the history rejected it", ended.job.id)


def _size(job: Job) -> int:
    return len(job.request) + len(job.response or b"") + len(job.error or b"")
