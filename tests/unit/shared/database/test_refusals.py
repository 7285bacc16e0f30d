"""Which errors of the drivers are outages: SQLite's own, and PostgreSQL's by psycopg's table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.database.database import Database
from shared.database.refusals import is_outage


def wrapped(error: Exception, base: type[Exception]) -> DBAPIError:
    """As SQLAlchemy hands it on."""
    found = DBAPIError.instance("SELECT 1", None, error, base)  # type: ignore[call-overload]
    assert isinstance(found, DBAPIError)
    return found


def _error_of(work: Callable[[], object]) -> DBAPIError:
    with pytest.raises(sqlite3.Error) as raised:
        work()
    return wrapped(raised.value, sqlite3.Error)


def _busy(path: Path) -> object:
    first, second = (sqlite3.connect(path, timeout=0, isolation_level=None) for _ in range(2))
    try:
        first.execute("BEGIN IMMEDIATE")
        return second.execute("BEGIN IMMEDIATE")
    finally:
        first.close()
        second.close()


def _full(path: Path) -> object:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA max_page_count=2")
        return connection.execute("CREATE TABLE t AS SELECT zeroblob(1000000)")
    finally:
        connection.close()


def _not_ours(path: Path) -> object:
    path.write_bytes(b"no database at all, and long enough to be read as one" * 20)
    return _run(path, "SELECT * FROM sqlite_master")


def _interrupted(path: Path) -> object:
    connection = sqlite3.connect(path)
    connection.set_progress_handler(lambda: 1, 1)
    try:
        return connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    finally:
        connection.close()


def _read_only(path: Path) -> object:
    sqlite3.connect(path).close()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute("CREATE TABLE t (a)")
    finally:
        connection.close()


def _run(path: Path, statement: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("fault", [_busy, _full, _not_ours, _interrupted, _read_only])
def test_sqlite_that_cannot_at_the_moment_is_an_outage(
    tmp_path: Path, fault: Callable[[Path], object]
) -> None:
    assert is_outage(_error_of(lambda: fault(tmp_path / "h.db")))


def test_sqlite_without_its_folder_is_an_outage() -> None:
    assert is_outage(_error_of(lambda: sqlite3.connect("/no/such/folder/h.db")))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM absent",
        "SELECT absent",
        "CREATE TABLE t (a); INSERT INTO t (b) VALUES (1)",
    ],
)
def test_schema_of_another_version_is_an_outage(tmp_path: Path, statement: str) -> None:
    *before, last = statement.split(";")
    for one in before:
        _run(tmp_path / "h.db", one)
    assert is_outage(_error_of(lambda: _run(tmp_path / "h.db", last)))


@pytest.mark.parametrize("statement", ["SELEC 1", "SELECT absent()"])
def test_wrong_statement_is_no_outage_of_sqlite(tmp_path: Path, statement: str) -> None:
    assert not is_outage(_error_of(lambda: _run(tmp_path / "h.db", statement)))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param("57P01", id="shut down"),
        pytest.param("57P03", id="starting"),
        pytest.param("53300", id="too many connections"),
        pytest.param("53100", id="disk full"),
        pytest.param("25006", id="a replica"),
        pytest.param("25P03", id="idle too long"),
        pytest.param("40P01", id="deadlock"),
        pytest.param("57014", id="time limit"),
        pytest.param("28P01", id="password"),
        pytest.param("3D000", id="no such database"),
        pytest.param("42501", id="not allowed"),
        pytest.param("42P01", id="no such table"),
        pytest.param("42703", id="no such column"),
        pytest.param("58030", id="disk broken"),
        pytest.param("08006", id="connection lost"),
    ],
)
def test_postgresql_that_cannot_at_the_moment_is_an_outage(state: str) -> None:
    assert is_outage(wrapped(psycopg.errors.lookup(state)("said"), psycopg.Error))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param("42601", id="syntax"),
        pytest.param("23505", id="there already"),
        pytest.param("22003", id="out of range"),
        pytest.param("0A000", id="not supported"),
        pytest.param("25P02", id="transaction failed before"),
    ],
)
def test_mistake_is_no_outage_of_postgresql(state: str) -> None:
    assert not is_outage(wrapped(psycopg.errors.lookup(state)("said"), psycopg.Error))


@pytest.mark.parametrize("lost", [psycopg.OperationalError, psycopg.InterfaceError])
def test_connection_that_is_lost_is_an_outage(lost: type[psycopg.Error]) -> None:
    assert is_outage(wrapped(lost("the connection is closed"), psycopg.Error))


def test_wrong_statement_is_told_as_that_by_the_database(database: Database) -> None:
    with pytest.raises(DBAPIError):
        database.read(lambda c: c.exec_driver_sql("SELEC 1"))
