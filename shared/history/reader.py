"""Finds jobs in the history."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select

from shared.database.database import Database
from shared.history.rows import from_row
from shared.history.tables import job_bodies, jobs
from shared.jobs.job import Job

_WHOLE = (
    select(jobs, job_bodies.c.request, job_bodies.c.response, job_bodies.c.error)
    .join(
        job_bodies,
        (jobs.c.id == job_bodies.c.id) & (jobs.c.created_ms == job_bodies.c.created_ms),
        isouter=True,
    )
    # Ids of an emptied ledger and RefIds may come again: the latest is meant.
    .order_by(jobs.c.created_ms.desc())
    .limit(1)
)


class HistoryReader:
    """Finds one job, with its bodies. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, job_id: int, owner: str | None = None) -> Job | None:
        """Return the latest job of this id, of this owner if one is named; None for none."""
        condition = jobs.c.id == job_id
        return self._first(condition if owner is None else condition & (jobs.c.owner == owner))

    def find(self, owner: str, ref_id: str) -> Job | None:
        """Return the owner's latest job with this RefId; None when there is none."""
        return self._first((jobs.c.ref_id == ref_id) & (jobs.c.owner == owner))

    def _first(self, condition: ColumnElement[bool]) -> Job | None:
        def read(connection: Connection) -> Job | None:
            row = connection.execute(_WHOLE.where(condition)).mappings().first()
            return from_row(dict(row)) if row is not None else None

        return self._database.read(read)
