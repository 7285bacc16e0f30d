"""What this gateway needs to be of use: a Redis that takes writes, its database, a worker."""

from __future__ import annotations

from typing import Final

import redis
from sqlalchemy import text

from gateway.probe import OK, Probe, states_of
from shared.database.database import Database
from shared.errors import DatabaseUnavailable
from shared.ledger.job_store import JobStore
from shared.telemetry.workers import WorkerBook

_UNREACHABLE: Final = "unreachable"
_REFUSES: Final = "refuses writes"
_NO_WORKER: Final = "none is heard"
_UNKNOWN: Final = "not known without redis"
#: How long the database may take (seconds).
_DATABASE_S: Final = 2.0


class Readiness:
    """Tells it, in words that give away nothing: no address, no error of a library."""

    def __init__(self, jobs: JobStore, database: Database, workers: WorkerBook) -> None:
        self._jobs = jobs
        self._database = database
        self._workers = workers
        self._probes = {
            "redis": Probe(self._redis),
            "database": Probe(self._reach_database),
            "workers": Probe(self._hear_workers),
        }

    def states(self) -> dict[str, str]:
        """Return the state of each, `ok` for what works. Raises nothing."""
        return states_of(self._probes)

    def _redis(self) -> str:
        try:
            self._jobs.ping()
        except (redis.ConnectionError, redis.TimeoutError):
            return _UNREACHABLE
        except redis.RedisError:
            return _REFUSES
        return OK

    def _reach_database(self) -> str:
        try:
            self._database.read(
                lambda connection: connection.execute(text("SELECT 1")), _DATABASE_S
            )
        except DatabaseUnavailable:
            return _UNREACHABLE
        return OK

    def _hear_workers(self) -> str:
        try:
            return OK if self._workers.names_heard(1) else _NO_WORKER
        except redis.RedisError:
            return _UNKNOWN
