"""The rows of what nobody needs any more: expired, given up, doomed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from shared.artifacts.tables import DOOMED, WRITING, artifacts, blobs, holds, storage
from shared.database.database import Database

_a: Final = artifacts.c
_b: Final = blobs.c


class Leftovers:
    """What the sweep reads and writes. All raise DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def drop_expired(self, now_ms: int, most: int) -> int:
        """Remove the rows of what nobody sees or holds, and doom what was theirs alone."""

        def write(connection: Connection) -> int:
            connection.execute(delete(holds).where(holds.c.until_ms < now_ms))
            is_held = select(holds.c.job).where(holds.c.artifact == _a.id).exists()
            query = select(_a.id, _a.owner, _a.blob, _a.size).where(
                _a.expires_ms <= now_ms, ~is_held
            )
            rows = connection.execute(query.limit(most).with_for_update(skip_locked=True)).all()
            _drop(connection, rows, now_ms)
            return len(rows)

        return self._database.write(write)

    def give_up_late(self, now_ms: int, until_ms: int, most: int) -> int:
        """Doom the blobs whose writers have not been heard of in time."""
        late = (_b.state == WRITING, _b.until_ms < now_ms)
        return self._database.write(lambda connection: give_up(connection, late, until_ms, most))

    def doomed(self, after: str, most: int) -> list[tuple[str, int]]:
        """Return blobs to remove, by name, each with until when its row is to stay."""
        query = select(_b.name, _b.until_ms).where(_b.state == DOOMED, _b.name > after)
        rows = self._database.read(
            lambda connection: connection.execute(query.order_by(_b.name).limit(most)).all()
        )
        return [(row.name, row.until_ms) for row in rows]

    def forget(self, names: Sequence[str]) -> None:
        """Remove the rows of blobs that are removed."""
        statement = delete(blobs).where(_b.name.in_(names), _b.state == DOOMED)
        self._database.write(lambda connection: connection.execute(statement))


def give_up(connection: Connection, which: tuple[Any, ...], until_ms: int, most: int) -> int:
    """Doom unfinished blobs of which this is true; return how many."""
    rows = connection.execute(
        select(_b.name, _b.owner, _b.size).where(*which).limit(most).with_for_update()
    ).all()
    for row in rows:
        _pay_back(connection, row.owner, row.size)
    names = [row.name for row in rows]
    doomed = {"state": DOOMED, "size": 0, "until_ms": until_ms}
    connection.execute(update(blobs).where(_b.name.in_(names)).values(doomed))
    return len(rows)


def _drop(connection: Connection, locked: Sequence[Any], now_ms: int) -> None:
    """Remove rows that are locked, but for those that were held just before they were."""
    ids = [row.id for row in locked]
    held = set(connection.scalars(select(holds.c.artifact).where(holds.c.artifact.in_(ids))))
    rows = [row for row in locked if row.id not in held]
    connection.execute(delete(artifacts).where(_a.id.in_([row.id for row in rows])))
    for row in rows:
        _pay_back(connection, row.owner, row.size, files=1)
    _doom_unused(connection, sorted({row.blob for row in rows}), now_ms)


def _doom_unused(connection: Connection, names: Sequence[str], now_ms: int) -> None:
    """Doom the blobs that no artifact has.

    They are locked first, and looked at by a statement of its own: else PostgreSQL would not see an
    artifact that came to share one meanwhile.
    """
    connection.execute(
        select(_b.name).where(_b.name.in_(names)).order_by(_b.name).with_for_update()
    )
    used = set(connection.scalars(select(_a.blob).where(_a.blob.in_(names)).distinct()))
    unused = [name for name in names if name not in used]
    doomed = {"state": DOOMED, "until_ms": now_ms}
    connection.execute(update(blobs).where(_b.name.in_(unused)).values(doomed))


def _pay_back(connection: Connection, owner: str, size: int, files: int = 0) -> None:
    left = {"bytes": storage.c.bytes - size, "files": storage.c.files - files}
    connection.execute(update(storage).where(storage.c.owner == owner).values(left))
