"""How many bytes of text an owner's rows hold, and that they are not too many."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, Table, cast, func, select

from shared.errors import ServiceError

#: SQLite's first with octet_length; earlier ones read the texts.
_HAS_OCTETS: Final = sqlite3.sqlite_version_info >= (3, 43)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a table whose rows have an `owner`, and the field that brings them."""

    table: Table
    columns: tuple[Column[Any], ...]
    field: str
    too_many: type[ServiceError]

    def check(self, connection: Connection, owner: str, most: int) -> None:
        """Raise `too_many` where the owner has more than so many bytes; 0: no limit.

        Whoever asks has the owner's turn (`turns.py`), and has written what is to be counted.
        """
        own = self.table.c.owner == owner
        if most and _octets_of(connection, self.table, self.columns, own) > most:
            told = f"this key's {self.table.name} would have more than {most} bytes; delete some."
            raise self.too_many(f"{self.field}: {told}", field=self.field)


def _octets_of(
    connection: Connection,
    table: Table,
    texts: tuple[Column[Any], ...],
    rows: ColumnElement[bool],
) -> int:
    """Return how many bytes these columns have, asked so that the texts need not be read."""
    is_old = connection.dialect.name == "sqlite" and not _HAS_OCTETS
    sizes = [
        func.length(cast(text, LargeBinary)) if is_old else func.octet_length(text)
        for text in texts
    ]
    sums = [func.coalesce(func.sum(size), 0) for size in sizes]
    found = connection.execute(select(*sums).select_from(table).where(rows)).one()
    return sum(map(int, found))
