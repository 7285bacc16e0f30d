"""Builds the engine of a database URL: SQLite in a file, or PostgreSQL by psycopg 3."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from shared.database.idle_pool import IdlePool

#: Name of the execution option that makes a transaction take SQLite's write lock when it begins.
WRITES: Final = "replyto_writes"

#: How long SQLite waits for another process's write (seconds).
_BUSY_S: Final = 5.0
#: How much of a database in SQLite each connection keeps in memory (KiB): each row goes into a
#: leaf of every index, and these are to be found there.
_CACHE_KIB: Final = 16 * 1024
#: After how many pages (4 KiB) SQLite moves its log into the file, and waits for the disk: a page
#: that was written many times meanwhile is moved once.
_LOG_PAGES: Final = 4000
#: How long connecting to PostgreSQL may take, and to find a free connection (seconds).
_CONNECT_S: Final = 3
#: How long one statement may take in PostgreSQL (milliseconds), whatever its caller allows.
_STATEMENT_MS: Final = 60_000
#: After how long without an acknowledgement a connection is given up (milliseconds).
_SILENCE_MS: Final = 10_000
_CONNECTIONS: Final = 10


def parse_url(text: str) -> URL:
    """Return the URL with the driver we use. Raises sqlalchemy.exc.ArgumentError."""
    url = make_url(text)
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def build_engine(url: URL) -> Engine:
    """Return an engine that connects when first used."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(
        url,
        # Errors are logged, and the values are what people asked.
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_CONNECT_S,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "options": f"-c statement_timeout={_STATEMENT_MS} -c timezone=UTC",
            "application_name": "replyto",
            "keepalives_idle": 10,
            "tcp_user_timeout": _SILENCE_MS,
        },
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=IdlePool,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_S, "isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA cache_size={-_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction. One that reads first and then writes could fail as out of date."""
    options: Any = connection.get_execution_options()
    kind = "IMMEDIATE" if options.get(WRITES) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
