"""Inserts many rows at once.

On SQLite many in one statement: each step of one gives up Python's lock, and a busy process takes
5 ms to give it back. Of a few fixed lengths, so that each is prepared once and then known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table, insert

#: How many rows a statement has, the most first; SQLite takes 32,766 values.
_LENGTHS: Final = (256, 64, 16, 4, 1)


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that have a value for every column of the table."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), list(rows))
        return
    names = tuple(column.name for column in table.columns)
    values_of = itemgetter(*names)
    for part in _parts(rows):
        values = tuple(chain.from_iterable(map(values_of, part)))
        connection.exec_driver_sql(_statement(table.name, names, len(part)), values)


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    first = 0
    for length in _LENGTHS:
        while len(rows) - first >= length:
            yield rows[first : first + length]
            first += length


@cache
def _statement(table: str, names: tuple[str, ...], rows: int) -> str:
    row = f"({','.join('?' * len(names))})"
    # Names of our own tables.
    return f"INSERT INTO {table} ({','.join(names)}) VALUES {','.join([row] * rows)}"  # noqa: S608
