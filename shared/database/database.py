"""Transactions on the database, with time limits, safe to call from greenlets."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from shared.database import migration
from shared.database.engine import LIMIT_S, SOON, WRITES, build_engine
from shared.database.refusals import is_outage
from shared.database.url import parse_url
from shared.errors import DatabaseUnavailable, SearchTooSlow
from shared.native_threads import NativeThreads, TookTooLong, with_limit

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long a read and a write may take (seconds).
READ_S: Final = 5.0
WRITE_S: Final = 30.0
#: Most reads at once that may look at many rows, of a process's connections; and how long others
#: wait for a place (seconds).
SEARCHES: Final = 4
_PLACE_S: Final = 3.0
#: What PostgreSQL says of a statement that it has broken off.
_BROKEN_OFF_POSTGRESQL: Final = "57014"
#: How long the schema may take to be brought up to date (seconds), the wait for others included.
MIGRATE_S: Final = 300.0
#: SQLite looks at the time after so many of its steps.
_STEPS: Final = 20_000


class Database:
    """Runs functions of a connection, each in one transaction. Connects when first used.

    The schema is brought up to date before the first transaction.
    """

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self._is_sqlite = self.url.dialect == "sqlite"
        self._engine = build_engine(self.url)
        self._threads = NativeThreads()
        self._migrated = False
        self._migrating = threading.Lock()
        self._searches = threading.Semaphore(SEARCHES)

    def read(self, work: Callable[[Connection], T], timeout_s: float = READ_S) -> T:
        """Run `work` in a transaction that only reads. Raises DatabaseUnavailable."""
        self.migrate()
        return self._run(lambda: self._transact(work, timeout_s), timeout_s)

    def search(self, work: Callable[[Connection], T]) -> T:
        """Do the same with a read that may look at many rows: only so many of them run at once.

        So they hold up no others. Raises SearchTooSlow if it takes too long, or others do.
        """
        if not self._searches.acquire(timeout=_PLACE_S):
            raise SearchTooSlow(retry_after_s=1)
        try:
            return self.read(work, READ_S)
        except DatabaseUnavailable as exc:
            if _was_broken_off(exc.__cause__):
                raise SearchTooSlow from exc
            raise
        finally:
            self._searches.release()

    def write(
        self, work: Callable[[Connection], T], timeout_s: float = WRITE_S, *, soon: bool = False
    ) -> T:
        """Run `work` in a transaction that is committed when it returns, else rolled back.

        `soon`: it may be lost when the machine loses its power at once, but not when processes die;
        the next one that is not so makes it last, too. SQLite alone makes a difference.
        Raises DatabaseUnavailable, and sqlalchemy's errors when the database will not have it.
        """
        self.migrate()
        return self._run(lambda: self._transact(work, timeout_s, writes=True, soon=soon), timeout_s)

    def migrate(self) -> None:
        """Bring the schema up to date, once a process. Raises DatabaseUnavailable."""
        if self._migrated:
            return
        with self._migrating:
            if not self._migrated:
                try:
                    self._run(lambda: migration.upgrade(self._engine), MIGRATE_S)
                except DBAPIError as exc:
                    # Tables of somebody else's are in the way: an operator can mend that.
                    raise DatabaseUnavailable from exc
                self._migrated = True

    def close(self) -> None:
        """Close the connections that are kept."""
        self._engine.dispose()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def __str__(self) -> str:
        return str(self.url)

    def _run(self, work: Callable[[], T], timeout_s: float) -> T:
        try:
            if self._is_sqlite:
                return self._threads.call(work, timeout_s)
            # psycopg waits by `select`, which gevent has patched.
            return with_limit(work, timeout_s)
        except DBAPIError as exc:
            if not is_outage(exc):
                raise
            raise DatabaseUnavailable from exc
        except (NoConnectionFree, TookTooLong, OSError) as exc:
            raise DatabaseUnavailable from exc

    def _transact(
        self,
        work: Callable[[Connection], T],
        timeout_s: float,
        *,
        writes: bool = False,
        soon: bool = False,
    ) -> T:
        with self._engine.connect() as bare:
            options = {WRITES: writes, SOON: soon, LIMIT_S: timeout_s}
            connection = bare.execution_options(**options)
            if self._is_sqlite:
                _limit(connection, timeout_s)
            with connection.begin():
                return work(connection)


def prepare(url: str) -> None:
    """Migrate now if the database is there; else the first use does."""
    database = Database(url)
    try:
        database.migrate()
    except DatabaseUnavailable as exc:
        log.warning("database %s: not usable yet, retrying: %s", database, why(exc))
    finally:
        database.close()


def why(error: DatabaseUnavailable) -> str:
    """Return what the database said, in one line."""
    cause = error.__cause__
    said = cause.orig if isinstance(cause, DBAPIError) else cause
    return " ".join(str(said or error).split())


def _was_broken_off(cause: BaseException | None) -> bool:
    """Whether it was for its length that a statement has failed."""
    if not isinstance(cause, DBAPIError):
        return isinstance(cause, TookTooLong)
    is_interrupted = getattr(cause.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return is_interrupted or getattr(cause.orig, "sqlstate", None) == _BROKEN_OFF_POSTGRESQL


def _limit(connection: Connection, timeout_s: float) -> None:
    """Let SQLite break off what takes longer: nobody else could, and its thread would be lost."""
    until = time.monotonic() + timeout_s
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - the connection is open
    raw.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
