"""Reads, inserts and changes many rows at once, in the way that costs each database's driver least.

SQLite does many rows in one statement: each step of one gives up Python's lock, and a busy process
takes 5 ms to give it back. The statements have a few fixed lengths, so that each is prepared once
and then known; what is read comes as one row of JSON. PostgreSQL takes a stream of rows: a sixth of
what a statement for each costs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Select, Table, func, select
from sqlalchemy.exc import DBAPIError

from shared.native_threads import TookTooLong

T = TypeVar("T")

_Row = dict[str, Any]

#: How many rows a statement has, the most first; SQLite takes 32,766 values.
_LENGTHS: Final = (256, 64, 16, 4, 1)


def insert_rows(connection: Connection, table: Table, rows: Sequence[_Row]) -> None:
    """Insert rows that have a value for every column of the table.

    Raises sqlalchemy.exc.DBAPIError, OverflowError.
    """
    if not rows:
        return
    values_of = itemgetter(*_names(table))
    if is_postgresql(connection):
        _copy(connection, table, map(values_of, rows))
        return
    for part in in_parts(rows):
        values = tuple(chain.from_iterable(map(values_of, part)))
        connection.exec_driver_sql(_insert(table, len(part)), values)


def read_rows(connection: Connection, query: Select[Any]) -> Iterable[Sequence[Any]]:
    """Return the rows of a query for numbers and texts, in any order."""
    if is_postgresql(connection):
        return connection.execute(query).all()
    found = query.subquery()
    text: Any = connection.scalar(select(func.json_group_array(func.json_array(*found.c))))
    rows: list[list[Any]] = json.loads(text)
    return rows


def in_parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut rows into parts of a few lengths: one statement each."""
    first = 0
    for length in _LENGTHS:
        while len(rows) - first >= length:
            yield rows[first : first + length]
            first += length


def is_postgresql(connection: Connection) -> bool:
    """Whether it is no SQLite."""
    return connection.dialect.name == "postgresql"


def places(rows: int, values: int) -> str:
    """Return the places of so many rows of values in a statement of SQLite."""
    return ",".join([f"({','.join('?' * values)})"] * rows)


def _copy(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    raw: Any = connection.connection.driver_connection
    driver: Any = connection.dialect.loaded_dbapi
    statement = f"COPY {table.name} ({','.join(_names(table))}) FROM STDIN"
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            _write(raw, copy, rows)
    except driver.Error as exc:
        # SQLAlchemy does not see what is asked of the driver itself.
        raise DBAPIError.instance(statement, None, exc, driver.Error, hide_parameters=True) from exc


def _write(raw: Any, copy: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    try:
        for row in rows:
            copy.write_row(row)
    except TookTooLong:
        # Else the driver would wait for the server to agree that this copy ends.
        raw.close()
        raise


@cache
def _insert(table: Table, rows: int) -> str:
    names = _names(table)
    # Names of our own tables.
    return f"INSERT INTO {table.name} ({','.join(names)}) VALUES {places(rows, len(names))}"  # noqa: S608


def _names(table: Table) -> list[str]:
    return table.columns.keys()
