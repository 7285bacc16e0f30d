"""Rows that PostgreSQL does not take: the copy ends in its time, and the next one goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.database import migration
from tests.support.servers.postgres import PostgresServer

#: The database's process stops in the middle of the rows, which are more than the sockets hold.
_UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import os, signal, sys, time
import gevent
from sqlalchemy import func, select
from shared.database.database import Database
from shared.errors import DatabaseUnavailable
from shared.database.bulk import insert_rows
from shared.history.tables import job_bodies

class Stopping(dict):
    def __getitem__(self, name):
        os.kill(process, signal.SIGSTOP)
        return super().__getitem__(name)

database = Database(sys.argv[1])
process = database.read(lambda c: c.exec_driver_sql("SELECT pg_backend_pid()").scalar())
body = {"request": b"x" * 1_000_000, "response": None, "error": None}
rows = [{"id": n, "created_ms": n, **body} for n in range(30)]
rows[3] = Stopping(rows[3])
began = time.monotonic()
try:
    with gevent.Timeout(60):
        database.write(lambda c: insert_rows(c, job_bodies, rows), timeout_s=1)
except DatabaseUnavailable:
    # Else the other limit ended it.
    print("broken off" if time.monotonic() - began < 45 else "hung")
finally:
    os.kill(process, signal.SIGCONT)
rows[3] = dict(rows[3])
database.write(lambda c: insert_rows(c, job_bodies, rows))
print(database.read(lambda c: c.scalar(select(func.count()).select_from(job_bodies))))
"""


@pytest.mark.integration
def test_copy_is_broken_off_when_the_server_stops_taking_rows(
    postgres_server: PostgresServer, migrated_postgres: str
) -> None:
    url = postgres_server.new_database("copies", like=migrated_postgres)
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_GEVENT, url],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(migration.__file__).parents[2],
    )
    assert done.stdout.split("\n")[:2] == ["broken off", "30"], done.stderr
