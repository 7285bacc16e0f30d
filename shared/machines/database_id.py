"""The name that a database was given when its schema was made: its own, whatever its URL says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Column, MetaData, Table, Text, select

from shared.database.database import Database
from shared.errors import DatabaseUnavailable
from shared.machines.fingerprints import fingerprints
from shared.settings import Settings

metadata: Final = MetaData()
#: One row, written by the migration: a random text.
installation: Final = Table("installation", metadata, Column("id", Text, primary_key=True))

#: How long to let a database alone that does not answer (seconds).
_PAUSE_S: Final = 30.0


def read_database_id(database: Database) -> str | None:
    """Return it; None while the database does not answer."""
    try:
        return database.read(lambda c: c.scalar(select(installation.c.id).limit(1)))
    except DatabaseUnavailable:
        return None


class OwnFingerprints:
    """This process's fingerprints; the database's as soon as it answers."""

    def __init__(
        self,
        settings: Settings,
        database: Database | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`database`: None for a process that has no use for one."""
        self._settings = settings
        self._database = database
        self._monotonic = monotonic
        self._again_at_s = 0.0
        self._known = fingerprints(settings, None)

    def __call__(self) -> dict[str, str]:
        """Return them."""
        if self._database and "database" not in self._known and self._is_time():
            self._known = fingerprints(self._settings, read_database_id(self._database))
        return self._known

    def _is_time(self) -> bool:
        now_s = self._monotonic()
        if now_s < self._again_at_s:
            return False
        self._again_at_s = now_s + _PAUSE_S
        return True
