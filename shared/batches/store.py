"""Reads and writes batches and their lines, in the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from shared.batches.batch import Batch, Status
from shared.batches.changes import Change, Column, change
from shared.batches.paging import pages
from shared.batches.room import make_room
from shared.batches.rows import BUSY, batch_of, columns_of, is_behind
from shared.batches.tables import (
    ANSWERED,
    AWAY,
    FAILED,
    RUNNING,
    SINGLE,
    WAITING,
    batches,
    lines,
    parts,
)
from shared.database.bulk import insert_rows, read_rows
from shared.database.database import Database

_b: Final = batches.c
_l: Final = lines.c
#: Rows of answers that come from the database at once, and how many bytes of them.
_PAGE: Final = 500
_PAGE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input file: where it is (bytes), and its job if it has one.

    `job` is 0 for a line that is to run as a job of its own, and below for one that is in a
    provider's own batch.
    """

    number: int
    start: int
    size: int
    custom_id: str
    job: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a line: a line of one of the two files."""

    number: int
    is_answer: bool
    answer: bytes


class BatchStore:
    """All raise DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, batch: Batch) -> None:
        """Keep a new batch. Raises TooManyBatches."""
        row = {**columns_of(batch), "id": batch.id, "owner": batch.owner, "version": 0}
        row["created_us"] = round(batch.created * 1_000_000)

        def write(connection: Connection) -> None:
            make_room(connection, batch.owner)
            connection.execute(insert(batches).values(row))

        self._database.write(write)

    def find(self, batch_id: str, owner: str | None) -> Batch | None:
        """Return an owner's batch, or anybody's."""
        query = select(batches).where(_b.id == batch_id)
        if owner is not None:
            query = query.where(_b.owner == owner)
        row = self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else batch_of(row)

    def every(self, owner: str | None, skip: int, take: int) -> tuple[list[Batch], int]:
        """Return some of an owner's batches, or of all, the latest first; and their number."""
        whose = () if owner is None else (_b.owner == owner,)

        def read(connection: Connection) -> tuple[list[Batch], int]:
            number = select(func.count()).select_from(batches).where(*whose)
            query = select(batches).where(*whose).order_by(_b.created_us.desc(), _b.id.desc())
            rows = connection.execute(query.offset(skip).limit(take))
            return [batch_of(row) for row in rows], connection.scalar(number) or 0

        return self._database.read(read)

    def page(self, owner: str, after: str | None, limit: int) -> list[Batch]:
        """Return an owner's batches, the latest first, behind the one named."""

        def read(connection: Connection) -> list[Batch]:
            query = select(batches).where(_b.owner == owner)
            if after:
                one = (_b.id == after, _b.owner == owner)
                place = connection.execute(select(_b.created_us, _b.id).where(*one)).first()
                if place is None:
                    return []
                earlier = _b.created_us < place.created_us
                tied = (_b.created_us == place.created_us) & (_b.id < place.id)
                query = query.where(or_(earlier, tied))
            order = (_b.created_us.desc(), _b.id.desc())
            rows = connection.execute(query.order_by(*order).limit(limit))
            return [batch_of(row) for row in rows]

        return self._database.read(read)

    def active(
        self, most: int, after: Batch | None = None, *, running: bool = False
    ) -> list[Batch]:
        """Return batches that something is to be done for, oldest first, from behind one of them.

        Behind the last one it begins anew: who asks again and again sees each. `running`: those
        in progress; else the others, which are to begin, to end or to be told of.
        """
        query = select(batches).where(_b.status.in_([str(Status.IN_PROGRESS)] if running else BUSY))
        query = query.order_by(_b.created_us, _b.id)

        def read(connection: Connection) -> list[Batch]:
            if after is None:
                return [batch_of(row) for row in connection.execute(query.limit(most))]
            behind = is_behind(after)
            rows = connection.execute(query.where(behind).limit(most)).all()
            left = most - len(rows)
            first = connection.execute(query.where(~behind).limit(left)).all() if left else ()
            return [batch_of(row) for row in (*rows, *first)]

        return self._database.read(read)

    def in_progress(self) -> int:
        """Return how many batches are in progress."""
        number = select(func.count()).where(_b.status == str(Status.IN_PROGRESS))
        return self._database.read(lambda connection: connection.scalar(number) or 0)

    def save(self, batch: Batch) -> Batch | None:
        """Keep a batch as it has become; None when somebody else has changed it meanwhile."""

        def write(connection: Connection) -> bool:
            this = (_b.id == batch.id, _b.version == batch.version)
            values = {**columns_of(batch), "version": batch.version + 1}
            return bool(connection.execute(update(batches).where(*this).values(values)).rowcount)

        return replace(batch, version=batch.version + 1) if self._database.write(write) else None

    # --- lines ------------------------------------------------------------------------------

    def begin(self, batch: Batch, found: Sequence[Line]) -> Batch | None:
        """Keep the lines and the batch that goes on with them, or neither."""

        def write(connection: Connection) -> bool:
            this = (_b.id == batch.id, _b.version == batch.version)
            values = {**columns_of(batch), "version": batch.version + 1}
            if not connection.execute(update(batches).where(*this).values(values)).rowcount:
                return False
            insert_rows(connection, lines, [_line_row(batch.id, line) for line in found])
            return True

        done = self._database.write(write)
        return replace(batch, version=batch.version + 1) if done else None

    def counts(self, batch_id: str) -> dict[int, int]:
        """Return how many lines there are in each state; AWAY are those in providers' batches."""
        query = select(_l.state, func.count()).where(_l.batch == batch_id).group_by(_l.state)
        away = select(func.count()).where(
            _l.batch == batch_id, _l.state == RUNNING, _l.job < SINGLE
        )

        def read(connection: Connection) -> dict[int, int]:
            found = {row[0]: row[1] for row in connection.execute(query)}
            there = connection.scalar(away) or 0 if found.get(RUNNING) else 0
            states = dict.fromkeys((WAITING, RUNNING, ANSWERED, FAILED), 0) | found
            return {**states, RUNNING: states[RUNNING] - there, AWAY: there}

        return self._database.read(read)

    def lines(
        self, batch_id: str, state: int, most: int, *, single: bool = False, after: int = -1
    ) -> list[Line]:
        """Return the first lines in a state, behind a number; of RUNNING, those with jobs of ours.

        `single`: only those that are to run as jobs of their own.
        """
        query = _lines(batch_id, state).where(_l.number > after).limit(most)
        if single:
            query = query.where(_l.job == SINGLE)
        if state == RUNNING:
            query = query.where(_l.job > 0)
        return self._read_lines(query)

    def undecided(self, batch_id: str, after: int, most: int) -> list[Line]:
        """Return lines that wait, and of which it is open how they are run, behind a number."""
        query = _lines(batch_id, WAITING).where(_l.job.is_(None), _l.number > after)
        return self._read_lines(query.limit(most))

    def away(self, batch_id: str, part: int) -> list[Line]:
        """Return the lines that are in this part of a provider's."""
        return self._read_lines(_lines(batch_id, RUNNING).where(_l.job == -part))

    def run_singly(self, batch_id: str, numbers: Sequence[int]) -> None:
        """Let lines that wait run as jobs of their own."""
        if numbers:
            waiting = (_l.batch == batch_id, _l.number.in_(numbers), _l.state == WAITING)
            statement = update(lines).where(*waiting).values(job=SINGLE)
            self._database.write(lambda connection: connection.execute(statement))

    def _read_lines(self, query: Any) -> list[Line]:
        rows = self._database.read(lambda connection: read_rows(connection, query))
        return sorted((Line(*row) for row in rows), key=attrgetter("number"))

    def note_jobs(self, batch_id: str, jobs: dict[int, int | None]) -> None:
        """Note which jobs lines have, by their numbers; None for one that is to get another."""
        rows = [
            (number, WAITING if job is None else RUNNING, job or SINGLE)
            for number, job in jobs.items()
        ]
        self._change(batch_id, "job", rows)

    def note_outcomes(self, batch_id: str, outcomes: Iterable[Outcome]) -> None:
        """Note what came of lines; of one that has an outcome already nothing changes."""
        rows = [(one.number, ANSWERED if one.is_answer else FAILED, one.answer) for one in outcomes]
        self._change(batch_id, "answer", rows)

    def _change(self, batch_id: str, column: Column, rows: Sequence[Change]) -> None:
        if rows:
            self._database.write(lambda connection: change(connection, batch_id, column, rows))

    def outcomes(self, batch_id: str, state: int) -> Iterator[bytes]:
        """Give the lines of a file, in the order of the input."""
        after = -1
        while sizes := self._sizes(batch_id, state, after):
            for page in pages(sizes, itemgetter(1), _PAGE, _PAGE_BYTES):
                query = _of_state(select(_l.answer), batch_id, state)
                query = query.where(_l.number.between(page[0][0], page[-1][0]))
                query = query.order_by(_l.number)
                rows = self._database.read(lambda c, query=query: c.execute(query).all())  # type: ignore[misc]
                yield from (row.answer for row in rows)
            after = sizes[-1][0]

    def _sizes(self, batch_id: str, state: int, after: int) -> list[tuple[int, int]]:
        """Return the numbers of the next lines of a file, and how long they are (bytes)."""
        query = _of_state(select(_l.number, func.length(_l.answer)), batch_id, state)
        query = query.where(_l.number > after).order_by(_l.number).limit(_PAGE)
        rows = self._database.read(lambda connection: read_rows(connection, query))
        return sorted((number, size) for number, size in rows)

    def forget_lines(self, batch_id: str) -> None:
        """Remove the lines of a batch whose files are written, and its parts."""

        def write(connection: Connection) -> None:
            connection.execute(delete(lines).where(_l.batch == batch_id))
            connection.execute(delete(parts).where(parts.c.batch == batch_id))

        self._database.write(write)


def _lines(batch_id: str, state: int) -> Any:
    wanted = (_l.number, _l.start, _l.size, _l.custom_id, _l.job)
    return _of_state(select(*wanted), batch_id, state).order_by(_l.number)


def _of_state(query: Any, batch_id: str, state: int) -> Any:
    return query.where(_l.batch == batch_id, _l.state == state)


def _line_row(batch_id: str, line: Line) -> dict[str, Any]:
    return {
        "batch": batch_id,
        "number": line.number,
        "start": line.start,
        "size": line.size,
        "custom_id": line.custom_id,
        "state": WAITING,
        "job": None,
        "answer": None,
    }
