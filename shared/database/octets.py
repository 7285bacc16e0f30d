"""How many bytes of text rows hold, asked so that the texts need not be read."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, Table, cast, func, select

#: SQLite's first with octet_length; earlier ones read the texts.
_HAS_OCTETS: Final = sqlite3.sqlite_version_info >= (3, 43)


def octets_of(
    connection: Connection, table: Table, texts: list[Column[Any]], *rows: ColumnElement[bool]
) -> int:
    """Return how many bytes these columns have, of these rows together."""
    is_old = connection.dialect.name == "sqlite" and not _HAS_OCTETS
    sizes = [
        func.length(cast(text, LargeBinary)) if is_old else func.octet_length(text)
        for text in texts
    ]
    sums = [func.coalesce(func.sum(size), 0) for size in sizes]
    found = connection.execute(select(*sums).select_from(table).where(*rows)).one()
    return sum(map(int, found))
