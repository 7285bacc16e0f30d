"""The history under load while its keeper is killed and its database goes away.

Afterwards there is exactly one row for every finished job, and it says what the API said.
"""

from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from shared.database.database import Database
from shared.history.tables import jobs, usage_daily
from shared.store import redis_keys as keys
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import COMPLETION, Stack
from tests.support.servers.postgres import PostgresServer

_MODELS = ("demo-instant", "demo-fail-400")
#: Jobs of each part of the load, at least.
_SOME = 40


class Load:
    """A client that queues one job after the other, each with a callback, until it is left."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)
        #: Job id by the path of its callback.
        self.jobs: dict[str, int] = {}

    def _run(self) -> None:
        with self._stack.api() as api:
            while not self._enough.wait(0.02):
                number = len(self.jobs)
                path = f"/history-{number}"
                target = self._stack.receiver.url(path)
                request = chat(_MODELS[number % 5 == 4], path)
                self.jobs[path] = api.queue(request, tag=f"t{number % 3}", replyTo=target)["id"]

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._enough.set()
        self._thread.join()

    def go_on(self) -> str:
        """Return when some more jobs were accepted; return the last one's path."""
        before = len(self.jobs)
        until(lambda: len(self.jobs) >= before + _SOME, "the load goes on")
        return list(self.jobs)[-1]


Away = Callable[[Stack], AbstractContextManager[None]]


@contextmanager
def _locked(stack: Stack) -> Iterator[None]:
    """Let nobody write."""
    connection = sqlite3.connect(stack.directory / "history.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.close()


@contextmanager
def _full(stack: Stack) -> Iterator[None]:
    """Let no file of the keeper's process grow, as on a full disk."""
    written = (stack.directory / "history.db-wal").stat().st_size
    limit = (written, resource.RLIM_INFINITY)
    resource.prlimit(stack.pid(COMPLETION), resource.RLIMIT_FSIZE, limit)
    yield
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(stack.pid(COMPLETION), resource.RLIMIT_FSIZE, unlimited)


def _stopped(server: PostgresServer) -> Away:
    @contextmanager
    def stop(_: Stack) -> Iterator[None]:
        server.stop()
        yield
        server.start()

    return stop


def test_sqlite_has_one_row_a_job_after_kills_a_lock_and_a_full_disk(tmp_path: Path) -> None:
    with Stack(tmp_path, demo_models=_MODELS) as stack:
        stack.open()
        url = f"sqlite:///{stack.directory}/history.db"
        _every_job_has_one_row(stack, url, [_locked, _full])


def test_postgresql_has_one_row_a_job_after_kills_and_a_stop(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.new_database("acceptance")
    with Stack(tmp_path, demo_models=_MODELS, settings={"REPLYTO_DATABASE_URL": url}) as stack:
        stack.open()
        _every_job_has_one_row(stack, url, [_stopped(postgres_server)])


def _every_job_has_one_row(stack: Stack, url: str, faults: list[Away]) -> None:
    with stack.api() as api:
        with Load(stack) as load:
            for _ in range(2):
                load.go_on()
                stack.restart(COMPLETION)
            stack.wait_ready()
            until(lambda: _rows(url), "jobs are stored")
            for away in faults:
                with away(stack):
                    _all_but_the_history_goes_on(stack, load, api)
                load.go_on()
                stack.restart(COMPLETION)
        said = {job_id: api.until_ended(job_id) for job_id in load.jobs.values()}
        until(lambda: not stack.redis.exists(keys.UNSTORED), "all are stored")
        said = {job_id: _told(api, job_id) for job_id in said}
        assert _rows(url) == sorted(said)
        assert _counted(url) == len(said)
        stack.redis.delete(*map(keys.job, said))
        assert {job_id: _told(api, job_id) for job_id in said} == said


def _all_but_the_history_goes_on(stack: Stack, load: Load, api: Api) -> None:
    path = load.go_on()
    stack.receiver.wait_for(path)
    assert api.until_ended(load.jobs[path])["jobState"] in ("Completed", "Failed")
    until(lambda: stack.redis.zcard(keys.UNSTORED) >= _SOME, "jobs wait for the database")


def _told(api: Api, job_id: int) -> dict[str, Any]:
    """Return what the API says of a job, but for what comes after its end."""
    return {name: value for name, value in api.job(job_id).items() if name != "notifiedDate"}


def _rows(url: str) -> list[int]:
    database = Database(url)
    found = database.read(lambda c: list(c.scalars(select(jobs.c.id).order_by(jobs.c.id))))
    database.close()
    return found


def _counted(url: str) -> int:
    database = Database(url)
    found = database.read(lambda c: list(c.scalars(select(usage_daily.c.total))))
    database.close()
    return sum(found)
