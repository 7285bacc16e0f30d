"""Brings the schema up to date, by Alembic, one process at a time.

The revisions are numbered, `versions/<number>_<what>.py`: so a process knows without Alembic
whether there is anything to do, and an older one works on with a schema that is ahead of it.
"""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, inspect, text

from shared.database.engine import WRITES

log = logging.getLogger(__name__)

FOLDER: Final = resources.files("shared") / "database" / "migrations"
#: The advisory lock that a migrating process holds in PostgreSQL: any number, always the same.
_LOCK: Final = 7_239_114
#: How long to wait for another process's migration (seconds), and how often to look.
_WAIT_S: Final = 240.0
_LOOK_S: Final = 0.05


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date. Raises sqlalchemy.exc.DBAPIError, OSError."""
    if engine.dialect.name == "sqlite":
        _make_file(Path(engine.url.database or ""))
    with engine.connect() as connection:
        if _is_current(connection):
            return
    if engine.dialect.name == "sqlite":
        _upgrade_sqlite(engine)
    else:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _run_alembic(connection)


@cache
def head() -> str:
    """Return the number of the newest revision."""
    versions = (FOLDER / "versions").iterdir()
    numbers = (file.name.split("_")[0] for file in versions)
    return max(number for number in numbers if number.isascii() and number.isdecimal())


def current(connection: Connection) -> str | None:
    """Return the revision that the schema is at, None when there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _is_current(connection: Connection) -> bool:
    revision = current(connection)
    return revision is not None and revision >= head()


def _upgrade_sqlite(engine: Engine) -> None:
    path = Path(engine.url.database or "")
    with _file_lock(path.with_name(f"{path.name}.lock")):
        with engine.connect() as connection:
            # Readers go on while somebody writes. Kept in the file; not to be had in a transaction.
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA journal_mode=WAL")
        with engine.connect() as bare:
            connection = bare.execution_options(**{WRITES: True})
            with connection.begin():
                _run_alembic(connection)


def _run_alembic(connection: Connection) -> None:
    if _is_current(connection):
        return
    from alembic import command  # noqa: PLC0415 - heavy, and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    before = current(connection)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    log.info("database schema: %s → %s", before or "none", head())


def _make_file(path: Path) -> None:
    """Make the file, readable by us alone: it holds what people asked."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Hold the lock; the kernel lets go of it however we end. Raises TimeoutError."""
    until = time.monotonic() + _WAIT_S
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError(f"another process holds {path}") from None
                time.sleep(_LOOK_S)
            else:
                yield
                return
