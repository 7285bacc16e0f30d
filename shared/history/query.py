"""Lists jobs of the history: a filter, an order and a page, each answered by an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, func, literal, select, tuple_

from shared.codecs.place import START, Place
from shared.database.database import Database
from shared.history.rows import Row
from shared.history.tables import HAS_TAG, jobs
from shared.jobs.job import JobState

#: At its end, a filter's value is but the beginning of what is looked for.
ANY_END: Final = "*"
#: States in which a job has an error.
_WITH_ERROR: Final = (JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; None says nothing. Times are unix milliseconds, `to_ms` is included."""

    owner: str | None = None
    state: JobState | None = None
    model: str | None = None
    provider: str | None = None
    tag: str | None = None
    ref_id: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    #: Text in the code or message of the error, in any case.
    error: str | None = None
    #: HTTP status that the client got, or that a provider answered an attempt with.
    status: int | None = None
    #: Only those that stand behind this place, the oldest first.
    after: Place = START


class JobQueries:
    """Reads pages of jobs, without bodies. Raises DatabaseUnavailable, SearchTooSlow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, wanted: JobFilter, *, skip: int, take: int, newest_first: bool = True
    ) -> list[Row]:
        """Return rows of a page in the order of their creation."""
        statement = page_statement(wanted, skip=skip, take=take, newest_first=newest_first)

        def read(connection: Connection) -> list[Row]:
            return [dict(row) for row in connection.execute(statement).mappings()]

        return self._database.search(read)

    def count(self, wanted: JobFilter) -> int:
        """Return how many jobs there are."""
        statement = select(func.count()).select_from(jobs).where(*_conditions(wanted))
        return self._database.search(lambda connection: connection.scalar(statement) or 0)

    def cost_nanos(self, owner: str, ref_id_begins: str) -> int:
        """Return what an owner's jobs cost whose RefIds begin so (nano units)."""
        wanted = JobFilter(owner=owner, ref_id=f"{ref_id_begins}{ANY_END}")
        statement = select(func.sum(jobs.c.cost_nanos)).where(*_conditions(wanted))
        return int(self._database.read(lambda connection: connection.scalar(statement) or 0))


def beginning_of(value: str) -> str | None:
    """Return what a value must begin with, if that is what a filter says: `gpt-4*`."""
    return value[:-1] if value.endswith(ANY_END) else None


def _like(column: Column[Any], value: str) -> ColumnElement[bool]:
    beginning = beginning_of(value)
    if beginning is None:
        return column == value
    # As a span, which an index answers; and letter by letter, which no collation bends.
    span = column.between(beginning, f"{beginning}\U0010ffff")
    return span & column.startswith(beginning, autoescape=True) if beginning else column != ""


def page_statement(
    wanted: JobFilter, *, skip: int, take: int, newest_first: bool = True
) -> Select[Any]:
    """Return the statement of a page."""
    order = [jobs.c.created_ms, jobs.c.id]
    if newest_first:
        order = [column.desc() for column in order]  # type: ignore[misc]
    return select(jobs).where(*_conditions(wanted)).order_by(*order).offset(skip).limit(take)


def _conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        _like(jobs.c[name], str(value))
        for name in ("owner", "state", "model", "provider", "tag", "ref_id")
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.status is not None:
        attempt = jobs.c.attempts.contains(f'"status":{wanted.status},')
        conditions.append((jobs.c.status == wanted.status) | attempt)
    if wanted.tag:
        conditions.append(HAS_TAG)
    if wanted.from_ms is not None:
        conditions.append(jobs.c.created_ms >= wanted.from_ms)
    if wanted.after > START:
        place = tuple_(literal(wanted.after.created_ms), literal(wanted.after.id))
        conditions.append(tuple_(jobs.c.created_ms, jobs.c.id) > place)
    if wanted.to_ms is not None:
        conditions.append(jobs.c.created_ms <= wanted.to_ms)
    if wanted.error is not None:
        conditions.append(
            jobs.c.error_message.icontains(wanted.error, autoescape=True)
            | jobs.c.error_code.icontains(wanted.error, autoescape=True)
        )
        if wanted.state is None:
            conditions.append(jobs.c.state.in_([str(state) for state in _WITH_ERROR]))
    return conditions
