"""Builds the engine of a database: SQLite in a file, or PostgreSQL by psycopg 3.

PostgreSQL may stand behind a pooler that gives each transaction another connection of its own:
nothing is said of a session. See docs/adr/0024-nothing-of-a-session.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from shared.database.idle_pool import IdlePool
from shared.database.url import DatabaseUrl

#: Name of the execution option that makes a transaction take SQLite's write lock when it begins.
WRITES: Final = "replyto_writes"
#: Name of the one that lets such a transaction not wait for the disk.
SOON: Final = "replyto_soon"
#: Name of the one that says how long a transaction may take (seconds).
LIMIT_S: Final = "replyto_limit_s"

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
#: How long one statement may take in PostgreSQL (milliseconds), whatever its caller allows; and how
#: long a transaction may do nothing: a machine that is paused in one holds up nobody for longer.
_STATEMENT_MS: Final = 60_000
#: What of its caller's time a statement has: less, so that the server ends it, who can use the
#: connection again, and not the caller.
_SHARE: Final = 0.95
_IDLE_MS: Final = 60_000
#: After how long without an acknowledgement a connection is given up (milliseconds).
_SILENCE_MS: Final = 10_000
_CONNECTIONS: Final = 10
#: What libpq is told where the URL says nothing else.
_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": _CONNECT_S,
    "application_name": "replyto",
    "keepalives_idle": 10,
    "tcp_user_timeout": _SILENCE_MS,
}


def build_engine(url: DatabaseUrl) -> Engine:
    """Return an engine that connects when first used."""
    return _sqlite(url) if url.dialect == "sqlite" else _postgresql(url)


def _postgresql(url: DatabaseUrl) -> Engine:
    engine = create_engine(
        URL.create("postgresql+psycopg"),
        # Errors are logged, and the values are what people asked.
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_CONNECT_S,
        pool_pre_ping=True,
        # What the operator says has the last word.
        connect_args={**_OPTIONS, **url.options},
    )
    event.listen(engine, "connect", _begin_ourselves)
    event.listen(engine, "connect", _write_no_nul)
    event.listen(engine, "begin", _begin_postgresql(str(url.options.get("options", ""))))
    return engine


def _begin_ourselves(connection: Any, _record: object) -> None:
    """Keep psycopg from beginning transactions; it still ends them."""
    connection.autocommit = True


def _write_no_nul(connection: Any, _record: object) -> None:
    """Let texts from outside have U+0000, which PostgreSQL's cannot: they get U+FFFD instead."""
    connection.adapters.register_dumper(str, _text_dumper())


@cache
def _text_dumper() -> type[Any]:
    """Return how psycopg writes texts, without U+0000; its own in C has no children."""
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - heavy, as in url.py

    class TextDumper(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)

    return TextDumper


def _begin_postgresql(operators: str) -> Callable[[Connection], None]:
    """Return what begins a transaction, with its limits, in one round trip.

    `operators`: the options for the server that the URL has; a limit named there is not set here.
    """

    @lru_cache
    def begin(statement_ms: int) -> str:
        limits = {
            "statement_timeout": statement_ms,
            "idle_in_transaction_session_timeout": _IDLE_MS,
            "timezone": "'UTC'",
        }
        ours = (f"SET LOCAL {key} = {own}" for key, own in limits.items() if key not in operators)
        return "; ".join(("BEGIN", *ours))

    def do_begin(connection: Connection) -> None:
        options: Any = connection.get_execution_options()
        asked_ms = round(options.get(LIMIT_S, _STATEMENT_MS) * 1000 * _SHARE)
        connection.exec_driver_sql(begin(min(_STATEMENT_MS, asked_ms)))

    return do_begin


def _sqlite(url: DatabaseUrl) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=url.path),
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
    if options.get(WRITES):
        # What is written outlives this process anyway; whether it outlives the power is asked here.
        level = "NORMAL" if options.get(SOON) else "FULL"
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    connection.exec_driver_sql(f"BEGIN {kind}")
