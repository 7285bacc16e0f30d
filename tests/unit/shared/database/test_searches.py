"""Reads that may look at many rows have a share of the connections, and end on both sides."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from shared.database import database as module
from shared.database.database import Database
from shared.errors import DatabaseUnavailable, SearchTooSlow

_ENDLESS = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def test_slow_searches_leave_room_for_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PLACE_S", 0.01)
    database.migrate()
    are_in, may_end = threading.Barrier(module.SEARCHES + 1), threading.Event()

    def slow(connection: Connection) -> int:
        connection.execute(text("SELECT 1"))
        are_in.wait(30)
        assert may_end.wait(30)
        return 1

    with ThreadPoolExecutor(module.SEARCHES) as pool:
        running = [pool.submit(database.search, slow) for _ in range(module.SEARCHES)]
        are_in.wait(30)
        try:
            with pytest.raises(SearchTooSlow, match="narrow"):
                database.search(lambda connection: connection.scalar(text("SELECT 2")))
            assert database.read(lambda connection: connection.scalar(text("SELECT 2"))) == 2
        finally:
            may_end.set()
        assert [one.result(30) for one in running] == [1] * module.SEARCHES
    assert database.search(lambda connection: connection.scalar(text("SELECT 3"))) == 3


def test_search_that_takes_too_long_is_broken_off_and_says_what_to_narrow(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_S", 0.2)
    with pytest.raises(SearchTooSlow) as error:
        database.search(lambda connection: connection.scalar(text(_ENDLESS[database.dialect])))
    assert (error.value.status, error.value.code) == (503, "search_too_slow")
    assert database.read(lambda connection: connection.scalar(text("SELECT 2"))) == 2


def test_database_that_is_away_is_not_told_as_a_slow_search() -> None:
    away = Database("sqlite:////proc/none/x.db")
    with pytest.raises(DatabaseUnavailable) as error:
        away.search(lambda connection: connection.scalar(text("SELECT 2")))
    assert not isinstance(error.value, SearchTooSlow)


def test_postgresql_itself_ends_what_nobody_waits_for_any_more(database: Database) -> None:
    if database.dialect != "postgresql":
        pytest.skip("SQLite runs in this process")

    def limit(connection: Connection) -> str:
        return str(connection.scalar(text("SHOW statement_timeout")))

    assert database.read(limit) == "4750ms"
    assert database.write(limit) == "28500ms"
