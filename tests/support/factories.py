"""Makes what tests work with: a clock, settings, jobs; and reads the messages of the ledger."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import redis
from pydantic import SecretStr

from shared.database.database import Database
from shared.jobs.job import NewJob
from shared.queues import names as task_names
from shared.security.sealing import new_encryption_key
from shared.settings import Settings
from shared.store import redis_keys as keys

#: An ordinary moment: 2023-11-14T22:13:20Z (unix milliseconds).
START_MS = 1_700_000_000_000

_numbers = itertools.count(1)
#: What seals the secrets of tests.
_ENCRYPTION_KEY = new_encryption_key()


class FakeClock:
    """A clock that stands still until it is set. Call it for unix milliseconds."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, seconds: float) -> None:
        """Set the clock forward, or back when negative."""
        self.now_ms += round(seconds * 1000)


class SecondsClock:
    """A clock that stands still until it is set. Call it for seconds."""

    def __init__(self, now_s: float = 100.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def new_settings(**overrides: Any) -> Settings:
    """Return settings with their defaults, whatever the environment says."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    defaults["encryption_key"] = SecretStr(_ENCRYPTION_KEY)
    return Settings(**{**defaults, **overrides})


def new_job(**overrides: Any) -> NewJob:
    """Return a request of its own RefId; the fingerprint follows from the request."""
    request = overrides.get("request", b'{"model":"m","messages":[]}')
    defaults: dict[str, Any] = {
        "owner": "key1",
        "ref_id": f"ref-{next(_numbers)}",
        "model": "m",
        "request": request,
        "fingerprint": f"print-{request.hex()}",
        "priority": task_names.QUEUED,
        "timeout_s": 3600.0,
    }
    return NewJob(**{**defaults, **overrides})


class MessageLists:
    """The Celery messages in Redis, read and taken as kombu's consumers do."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def messages(self, queue: str, priority: int = 0) -> list[dict[str, Any]]:
        """Return the messages of one list, the next to be consumed first."""
        raw = self._client.lrange(keys.message_list(queue, priority), 0, -1)
        return [json.loads(message) for message in reversed(raw)]

    def ids(self, queue: str, priority: int = 0) -> list[int]:
        """Return the ids that the messages of one list carry, the next to be consumed first."""
        return [id_of(message) for message in self.messages(queue, priority)]

    def chat_ids(self, model: str = "m", priority: int = task_names.QUEUED) -> list[int]:
        """Return the same for the jobs of a model."""
        return self.ids(task_names.chat_queue(model), priority)

    def take(self, queue: str) -> int | None:
        """Take the next message off a queue, highest priority first; return the id it carries."""
        for priority in task_names.PRIORITIES:
            raw = self._client.rpop(keys.message_list(queue, priority))
            if raw is not None:
                return id_of(json.loads(raw))
        return None

    def take_chat(self, model: str = "m") -> int | None:
        """Take the next message of a model."""
        return self.take(task_names.chat_queue(model))

    def lose(self, queue: str, priority: int, index: int = 0) -> None:
        """Make the message at `index`, counted from the consuming end, vanish."""
        name = keys.message_list(queue, priority)
        self._client.lset(name, -1 - index, "lost")
        self._client.lrem(name, 0, "lost")


def mark_of_a_reader(path: Path) -> Path:
    """Return what is there when somebody has waited for a pipe that nobody writes to."""
    return path.with_suffix(".read")


def pipe_that_nobody_writes_to(path: Path) -> None:
    """Make one there. Who reads it waits for ever: here until it is closed, which is noted."""
    os.mkfifo(path)

    def close() -> None:
        with suppress(OSError):
            writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            mark_of_a_reader(path).touch()
            os.close(writer)

    timer = threading.Timer(2, close)
    timer.daemon = True
    timer.start()


def new_database() -> Database:
    """Return a database of its own, of today, in a file that goes with this process."""
    return Database(f"sqlite:///{shutil.copy(_migrated(), f'{_folder()}/{next(_numbers)}.db')}")


@cache
def _migrated() -> str:
    """Return an empty database with the schema of today: a copy costs less than migrating."""
    database = Database(f"sqlite:///{_folder()}/empty.db")
    database.migrate()
    database.close()
    return f"{_folder()}/empty.db"


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="replyto-tests-")
    atexit.register(shutil.rmtree, folder)
    return folder


def id_of(message: dict[str, Any]) -> int:
    """Return the one positional argument of a message's task."""
    return int(json.loads(message["body"])[0][0])


def dump(client: redis.Redis) -> dict[bytes, Any]:
    """Return everything in Redis but times to live, to see whether a call changed anything."""
    readers = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    return {key: readers[client.type(key)](key) for key in client.scan_iter()}
