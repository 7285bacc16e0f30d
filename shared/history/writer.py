"""Writes ended jobs into the history, once each, with the sums of their days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add, itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from shared.database.bulk import insert_rows
from shared.database.database import Database
from shared.history.rows import Row, day_of, latency_place, sums_of
from shared.history.tables import (
    LATENCY_COLUMNS,
    SUMS,
    job_bodies,
    jobs,
    usage_daily,
    usage_key_daily,
    usage_tag_daily,
)

#: The advisory lock of those who store in PostgreSQL: any number, always the same.
_LOCK: Final = 7_239_115


#: Each table of sums, what names its rows besides the day, and what it sums up.
_TABLES_OF_SUMS: Final = (
    (usage_daily, ("model", "provider"), (*SUMS, *LATENCY_COLUMNS)),
    (usage_key_daily, ("owner", "model", "provider"), (*SUMS, *LATENCY_COLUMNS)),
    (usage_tag_daily, ("owner", "tag"), SUMS),
)
#: All that names a row of them besides the day.
_APART: Final = ("owner", "tag", "model", "provider")
_apart: Final = itemgetter(*_APART)
#: A day, and the values of what names a row.
_Names = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One job's rows: its own, and that of its body."""

    row: Row
    body: Row

    @property
    def key(self) -> tuple[int, int]:
        """What names the job for ever: its id and when it was created."""
        return self.row["id"], self.row["created_ms"]


class HistoryWriter:
    """Stores and prunes. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, records: Sequence[Record]) -> int:
        """Store jobs in one transaction; return how many were new.

        What is there already is left alone, unless it was queued again and has ended since.
        """
        return self._database.write(lambda connection: _store(connection, records))

    def prune(self, before_ms: int, most: int) -> int:
        """Delete up to so many jobs that were created before; return how many. Sums stay."""
        return self._database.write(lambda connection: _prune(connection, before_ms, most))

    def last_id(self) -> int:
        """Return the highest id in the history, 0 when it is empty."""
        return self._database.read(lambda c: c.scalar(select(func.max(jobs.c.id))) or 0)


def _store(connection: Connection, records: Sequence[Record]) -> int:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    there = _there(connection, records)
    fresh = [record for record in records if _is_newer(record, there.get(record.key))]
    replaced = [there[record.key] for record in fresh if record.key in there]
    _delete(connection, [(row["id"], row["created_ms"]) for row in replaced])
    insert_rows(connection, jobs, [record.row for record in fresh])
    insert_rows(connection, job_bodies, [record.body for record in fresh])
    added = _summed([record.row for record in fresh])
    for key, values in _summed(replaced).items():
        _accumulate(added, key, [-value for value in values])
    for table, names, numbers in _TABLES_OF_SUMS:
        _add(connection, table, names, numbers, added)
    return len(fresh)


def _is_newer(record: Record, there: Mapping[str, Any] | None) -> bool:
    return there is None or bool(record.row["generation"] > there["generation"])


_SUMMED: Final = [jobs.c[name] for name in SUMS if name in jobs.c]
_FIND: Final = select(
    *(jobs.c[n] for n in ("id", "created_ms", "generation", "state")),
    *(jobs.c[n] for n in ("owner", "tag", "model", "provider")),
    *_SUMMED,
).where(jobs.c.id.in_(bindparam("ids", expanding=True)))


def _there(
    connection: Connection, records: Iterable[Record]
) -> dict[tuple[int, int], Mapping[str, Any]]:
    """Return what is in the history of these jobs, as far as sums need it."""
    found = connection.execute(_FIND, {"ids": [record.row["id"] for record in records]})
    return {(row["id"], row["created_ms"]): dict(row) for row in found.mappings()}


def _delete(connection: Connection, keys: list[tuple[int, int]]) -> None:
    for table in (jobs, job_bodies) if keys else ():
        connection.execute(delete(table).where(tuple_(table.c.id, table.c.created_ms).in_(keys)))


def _summed(rows: Iterable[Mapping[str, Any]]) -> dict[_Names, list[int]]:
    """Return sums of rows by all that a table tells apart.

    A batch has few such groups: so each job is looked at once, not once a table.
    """
    groups: dict[_Names, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((day_of(row["created_ms"]), *_apart(row)), []).append(row)
    return {names: _sums(own) for names, own in groups.items()}


def _sums(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    latencies = [0] * len(LATENCY_COLUMNS)
    for row in rows:
        place = latency_place(row)
        if place is not None:
            latencies[place] += 1
    return [*map(sum, zip(*map(sums_of, rows), strict=True)), *latencies]


def _accumulate(sums: dict[_Names, list[int]], names: _Names, values: list[int]) -> None:
    there = sums.get(names)
    sums[names] = values if there is None else list(map(add, there, values))


def _add(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    numbers: tuple[str, ...],
    added: Mapping[_Names, list[int]],
) -> None:
    """Add sums to those that a table has of their days, or take them out again."""
    places = [0, *(1 + _APART.index(name) for name in names)]
    sums: dict[_Names, list[int]] = {}
    for key, values in added.items():
        _accumulate(sums, tuple(key[place] for place in places), values)
    if sums:
        columns = ("day", *names, *numbers)
        rows = [dict(zip(columns, (*key, *values), strict=False)) for key, values in sums.items()]
        connection.execute(_upsert(connection.dialect.name, table, numbers), rows)


@cache
def _upsert(database: str, table: Table, numbers: tuple[str, ...]) -> Any:
    """Return the statement that adds numbers to those that are there."""
    dialect: Any = sqlite if database == "sqlite" else postgresql
    statement = dialect.insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + statement.excluded[name] for name in numbers},
    )


def _prune(connection: Connection, before_ms: int, most: int) -> int:
    old = (
        select(jobs.c.id, jobs.c.created_ms)
        .where(jobs.c.created_ms < before_ms)
        .order_by(jobs.c.created_ms, jobs.c.id)
        .limit(most)
    )
    keys = [(row.id, row.created_ms) for row in connection.execute(old)]
    _delete(connection, keys)
    return len(keys)
