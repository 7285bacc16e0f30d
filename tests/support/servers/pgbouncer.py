"""A real pgbouncer of a test: in transaction mode, before a PostgreSQL of this test run."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from cli.ports import free_port
from tests.support.servers.postgres import unprivileged_user

#: How long it may take to answer, and to end (seconds), and how often it is asked.
_LIMIT_S = 60.0
_ASK_EVERY_S = 0.05

_CONFIG = """\
[databases]
* = host={host} user=replyto
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
# So few that two transactions of one client meet different servers, and clients share them.
default_pool_size = 3
max_client_conn = 200
# How long a client waits while PostgreSQL is away, and when that is asked again (seconds).
query_wait_timeout = 2
server_login_retry = 1
logfile = {folder}/log
pidfile =
"""


@contextmanager
def pgbouncer(database_url: str) -> Iterator[str]:
    """Run one before this database, a PostgreSQL on a socket; yield the URL through it."""
    # Not of pytest's folders: those are closed to the user that it runs as.
    folder = Path(tempfile.mkdtemp(prefix="replyto-pgbouncer-"))
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        pytest.fail("no pgbouncer here; on Debian and Ubuntu: apt-get install pgbouncer")
    parts, port = urlsplit(database_url), free_port()
    config = folder / "pgbouncer.ini"
    host = parse_qs(parts.query)["host"][0]
    config.write_text(_CONFIG.format(host=host, port=port, folder=folder), "utf-8")
    folder.chmod(0o777)
    with subprocess.Popen(
        [program, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_as_user()
    ) as process:
        try:
            url = f"postgresql://replyto@127.0.0.1:{port}{parts.path}"
            _wait_for(url, folder / "log")
            yield url
        finally:
            process.kill()
            process.wait(timeout=_LIMIT_S)
            shutil.rmtree(folder)


def _wait_for(url: str, log: Path) -> None:
    until = time.monotonic() + _LIMIT_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(_ASK_EVERY_S)
        else:
            return


def _as_user() -> dict[str, Any]:
    user = unprivileged_user()
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}
