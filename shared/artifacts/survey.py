"""What operators see of all files: who has how much, and the latest ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, desc, func, or_, select

from shared.artifacts.artifact import HIDDEN
from shared.artifacts.tables import artifacts, storage
from shared.database.database import Database

_a: Final = artifacts.c


@dataclass(frozen=True, slots=True)
class OwnerStorage:
    """How many bytes an owner's files have, those under way and variants included."""

    owner: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file. Moments are unix milliseconds; without `expires_ms` it stays."""

    id: str
    owner: str
    name: str
    media_type: str
    size_bytes: int
    purpose: str
    created_ms: int
    expires_ms: int | None


class Survey:
    """Reads over all owners. All raise DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def storage(self, limit: int) -> tuple[list[OwnerStorage], int]:
        """Return who has most, most first, and the sum of all."""

        def read(connection: Connection) -> tuple[list[OwnerStorage], int]:
            query = select(storage.c.owner, storage.c.bytes).where(storage.c.bytes > 0)
            rows = connection.execute(query.order_by(desc(storage.c.bytes)).limit(limit))
            found = [OwnerStorage(*row) for row in rows]
            total = connection.scalar(select(func.sum(storage.c.bytes)).where(storage.c.bytes > 0))
            return found, int(total or 0)

        return self._database.search(read)

    def files(self, owner: str | None, skip: int, take: int, now_ms: int) -> list[FileRow]:
        """Return files that are there, the latest first."""
        wanted: list[Any] = [_a.deleted == 0, _a.purpose.not_in(HIDDEN)]
        wanted.append(or_(_a.expires_ms.is_(None), _a.expires_ms > now_ms))
        if owner is not None:
            wanted.append(_a.owner == owner)
        columns = (_a.id, _a.owner, _a.name, _a.media_type, _a.size, _a.purpose)
        query = select(*columns, _a.created_us, _a.expires_ms).where(*wanted)
        page = query.order_by(desc(_a.created_us), desc(_a.id)).offset(skip).limit(take)

        def read(connection: Connection) -> list[FileRow]:
            return [FileRow(*row[:6], row[6] // 1000, row[7]) for row in connection.execute(page)]

        return self._database.search(read)
