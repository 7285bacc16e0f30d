"""A real PostgreSQL of this test run: its own data directory, a Unix socket, no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from signal import SIGINT
from typing import Any

import psycopg
import pytest

#: How long the server may take to answer (seconds), and how often it is asked.
_START_LIMIT_S = 120.0
_ASK_EVERY_S = 0.05
#: Whose rights a server started by root gets: PostgreSQL refuses to run as root.
_UNPRIVILEGED = ("postgres", "nobody")


class PostgresServer:
    """A server that tests may stop and start again; its data stay until `remove`."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="replyto-pg-"))
        self._user = unprivileged_user()
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", "data", "-U", "replyto", "-A", "trust", "-E", "UTF8", "--no-sync")

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases, in the form that operators use."""
        return f"postgresql://replyto@/{database}?host={self._folder}"

    def start(self) -> PostgresServer:
        """Start it; return when it answers."""
        command = ["postgres", "-D", "data", "-c", "listen_addresses=", "-k", str(self._folder)]
        command += ["-c", "fsync=off", "-c", "max_connections=60"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / command[0], *command[1:]],
                **self._as_user(),
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _START_LIMIT_S
        while not self._answers():
            assert time.monotonic() < until, (self._folder / "log").read_text("utf-8")
            time.sleep(_ASK_EVERY_S)
        return self

    def stop(self) -> None:
        """Stop it at once: connections break, what was committed stays."""
        if self._process is not None:
            self._process.send_signal(SIGINT)
            self._process.wait(timeout=_START_LIMIT_S)
            self._process = None

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self, name: str, *, like: str = "template1") -> str:
        """Make a database in place of one of this name, empty or like another; return its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url(name)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [self._programs / program, *args],
            **self._as_user(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()

    def _as_user(self) -> dict[str, Any]:
        """Return how to start a process of the server."""
        where: dict[str, Any] = {"cwd": self._folder, "start_new_session": True}
        if self._user is None:
            return where
        return {**where, "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _programs() -> Path:
    """Return the folder of the server's programs; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    pytest.fail("no PostgreSQL server here; on Debian and Ubuntu: apt-get install postgresql")


def unprivileged_user() -> pwd.struct_passwd | None:
    """Return whose rights a server gets that refuses to run as root; None when we are not."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in _UNPRIVILEGED if name in names)
