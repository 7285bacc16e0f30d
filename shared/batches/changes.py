"""Changes many lines of a batch in few statements: of those that have no outcome yet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, update

from shared.batches.tables import ANSWERED, lines
from shared.database.bulk import in_parts, is_postgresql, places

_l: Final = lines.c

#: What a change is about beside the state: the column's name.
Column = Literal["job", "answer"]
#: The number of a line, its state and what is in the column from now on.
Change = tuple[int, int, Any]


def change(
    connection: Connection, batch_id: str, column: Column, changes: Sequence[Change]
) -> None:
    """Make the changes; a line that has an outcome stays as it is."""
    if is_postgresql(connection):
        names = ("at", "to", "its")
        rows = [dict(zip(names, one, strict=True)) for one in changes]
        connection.execute(_one_by_one(batch_id, column), rows)
        return
    for part in in_parts(changes):
        values = (*chain.from_iterable(part), batch_id, ANSWERED)
        connection.exec_driver_sql(many(column, len(part)), values)


def _one_by_one(batch_id: str, column: Column) -> Any:
    this = (_l.batch == batch_id, _l.number == bindparam("at"), _l.state < ANSWERED)
    return update(lines).where(*this).values(state=bindparam("to"), **{column: bindparam("its")})


@cache
def many(column: Column, count: int) -> str:
    """Return SQLite's statement that makes so many changes."""
    # Names of our own. What follows FROM is gone through, and each line found by its number.
    return (
        f"UPDATE batch_lines SET state = new.column2, {column} = new.column3 "  # noqa: S608
        f"FROM (VALUES {places(count, 3)}) AS new "
        "WHERE batch = ? AND number = new.column1 AND batch_lines.state < ?"
    )
