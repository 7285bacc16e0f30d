"""The database: its schema, its transactions, and what happens when it is not there."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, insert, literal, select, text
from sqlalchemy.exc import IntegrityError

from shared.api_keys.tables import metadata as keys
from shared.artifacts.tables import metadata as artifacts
from shared.audit.tables import metadata as audit
from shared.batches.tables import metadata as batches
from shared.database import migration
from shared.database.database import Database, prepare
from shared.errors import DatabaseUnavailable
from shared.history.tables import job_bodies
from shared.history.tables import metadata as history
from shared.schedules.tables import metadata as schedules
from tests.support.factories import new_database

ROW = {"id": 1, "created_ms": 1, "request": b"{}"}


@pytest.mark.parametrize("metadata", [history, keys, audit, artifacts, batches, schedules])
def test_migrations_make_the_tables_that_the_code_names(
    database: Database, metadata: MetaData
) -> None:
    def differences(connection: Connection) -> list[object]:
        names = set(metadata.tables)
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in names},
        )
        return list(compare_metadata(context, metadata))

    assert database.read(differences) == []


def test_newest_revision_is_the_head_that_alembic_finds() -> None:
    assert ScriptDirectory(str(migration.FOLDER)).get_current_head() == migration.head()


def test_migrate_does_it_once_when_many_start_at_the_same_moment(database_url: str) -> None:
    def start(_: int) -> None:
        database = Database(database_url)
        database.migrate()
        database.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    database = Database(database_url)
    assert database.read(migration.current) == migration.head()
    database.close()


def test_migrate_leaves_a_schema_alone_that_is_ahead(database: Database) -> None:
    database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    newer = Database(database.url.text)
    newer.migrate()
    assert newer.read(migration.current) == "9999"
    newer.close()


def test_sqlite_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path}/new/history.db").migrate()
    assert stat.S_IMODE((tmp_path / "new" / "history.db").stat().st_mode) == 0o600


def test_write_is_rolled_back_when_the_work_fails(database: Database) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(insert(job_bodies), [ROW])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(fail)
    assert database.read(lambda c: c.execute(select(job_bodies)).all()) == []


def test_write_reports_a_broken_constraint_as_that(database: Database) -> None:
    database.write(lambda c: c.execute(insert(job_bodies), [ROW]))
    with pytest.raises(IntegrityError):
        database.write(lambda c: c.execute(insert(job_bodies), [ROW]))


def test_text_may_have_what_postgresql_does_not_know(database: Database, dialect: str) -> None:
    told = database.read(lambda c: c.execute(select(literal("a\x00b"))).scalar_one())
    assert told == {"sqlite": "a\x00b", "postgresql": "a\ufffdb"}[dialect]


def test_writers_take_turns_also_when_they_read_before(database: Database) -> None:
    def add_one(connection: Connection) -> None:
        highest = connection.scalar(text("SELECT coalesce(max(id), 0) FROM job_bodies"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE job_bodies IN EXCLUSIVE MODE"))
            highest = connection.scalar(text("SELECT coalesce(max(id), 0) FROM job_bodies"))
        connection.execute(insert(job_bodies), [{**ROW, "id": highest + 1}])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: database.write(add_one), range(40)))
    assert database.read(lambda c: c.scalar(text("SELECT count(*) FROM job_bodies"))) == 40


def test_sqlite_breaks_off_a_read_that_takes_too_long() -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    # It returns at all.
    with pytest.raises(DatabaseUnavailable):
        new_database().read(lambda c: c.execute(text(endless)).all(), timeout_s=0.2)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:////proc/no/such/history.db", id="folder that cannot be made"),
        pytest.param("postgresql://u:hidden@/db?host=/nowhere", id="no server"),
    ],
)
def test_database_that_is_not_there_is_unavailable_and_its_password_is_not_told(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        Database(url).read(lambda c: c.execute(text("SELECT 1")))
    prepare(url)
    assert "not usable yet" in caplog.text
    assert "hidden" not in caplog.text + str(raised.value) + str(raised.value.__cause__)


_UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, sys, time
from sqlalchemy import text
from shared.database.database import Database
from shared.errors import DatabaseUnavailable

url, slow = sys.argv[1:]
database = Database(url)
database.migrate()
turns = 0
def count():
    global turns
    while True:
        gevent.sleep(0.01)
        turns += 1
counter = gevent.spawn(count)
# However slow the machine is, these end; only the last one has a limit that it exceeds.
read = lambda: database.read(lambda c: c.execute(text(slow)).all(), timeout_s=300)
gevent.joinall([gevent.spawn(read) for _ in range(3)], raise_error=True)
print(turns > 2)
try:
    database.read(lambda c: c.execute(text(slow)).all(), timeout_s=0.05)
except DatabaseUnavailable:
    print("broken off")
print(database.read(lambda c: c.scalar(text("SELECT 7")), timeout_s=300))
"""


@pytest.mark.integration
def test_other_greenlets_go_on_while_the_database_works(database_url: str) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000)"
    slow = f"{numbers} SELECT max(i) FROM n"
    if database_url.startswith("postgresql"):
        slow = "SELECT pg_sleep(1)"
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_GEVENT, database_url, slow],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(migration.__file__).parents[2],
    )
    assert done.stdout.split("\n")[:3] == ["True", "broken off", "7"], done.stderr
