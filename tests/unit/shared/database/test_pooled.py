"""PostgreSQL behind pgbouncer in transaction mode: each transaction may meet another server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, select, text

from shared.database import migration
from shared.database.database import Database
from shared.history.tables import job_bodies, jobs
from shared.history.writer import HistoryWriter
from shared.jobs.job import JobState
from tests.support.history import ended_job, record
from tests.support.servers.pgbouncer import pgbouncer
from tests.support.servers.postgres import PostgresServer

pytestmark = pytest.mark.integration


@pytest.fixture
def pooled_url(postgres_server: PostgresServer) -> Iterator[str]:
    with pgbouncer(postgres_server.new_database("pooled")) as url:
        yield url


@pytest.fixture
def pooled(pooled_url: str) -> Iterator[Database]:
    database = Database(pooled_url)
    yield database
    database.close()


def test_schema_is_made_once_by_many_processes(pooled_url: str) -> None:
    databases = [Database(pooled_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Database.migrate, databases))
    assert databases[0].read(migration.current) == migration.head()
    for database in databases:
        database.close()


def test_statements_that_come_again_and_again_find_no_other_servers_plans(pooled: Database) -> None:
    """By its sixth time the driver would have prepared a statement at one of the servers."""

    def ask(number: int) -> int:
        query = select(func.count()).where(jobs.c.id == number)
        return pooled.read(lambda c: c.scalar(query) or 0)

    pooled.migrate()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(400))) == 0


def test_jobs_are_stored_once_by_several_at_the_same_time(pooled: Database) -> None:
    batches = [
        [record(ended_job(number, state=JobState.COMPLETED)) for number in range(first, 60)]
        for first in range(0, 40, 5)
    ]
    with ThreadPoolExecutor(8) as pool:
        new = sum(pool.map(HistoryWriter(pooled).store, batches))
    assert new == pooled.read(lambda c: c.scalar(select(func.count()).select_from(jobs))) == 60
    assert pooled.read(lambda c: c.scalar(select(func.count()).select_from(job_bodies))) == 60


def test_limits_hold_in_each_transaction_and_reach_no_other_client(
    pooled: Database, pooled_url: str
) -> None:
    def limits(connection: Connection) -> tuple[str, str]:
        asked = ("statement_timeout", "timezone")
        return tuple(connection.scalar(text(f"SHOW {name}")) for name in asked)  # type: ignore[return-value]

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(lambda _: pooled.read(limits), range(60))) == {("4750ms", "UTC")}
    other = Database(pooled_url)
    with other._engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        for _ in range(6):
            assert raw.execute("SHOW statement_timeout").fetchone() != ("1min",)
    other.close()
