"""Inserts many rows at once.

On SQLite in one statement: each step of one gives up Python's lock, and a busy process takes 5 ms
to give it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table, insert

#: Most values of one statement; SQLite takes 32,766.
_VALUES: Final = 30_000


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that have a value for every column of the table."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), list(rows))
        return
    names = [column.name for column in table.columns]
    size = _VALUES // len(names)
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        values = tuple(chain.from_iterable(map(itemgetter(*names), part)))
        connection.exec_driver_sql(_statement(table.name, tuple(names), len(part)), values)


@cache
def _statement(table: str, names: tuple[str, ...], rows: int) -> str:
    row = f"({','.join('?' * len(names))})"
    # Names of our own tables.
    return f"INSERT INTO {table} ({','.join(names)}) VALUES {','.join([row] * rows)}"  # noqa: S608
