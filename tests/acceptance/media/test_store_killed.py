"""The S3 store is killed while files are uploaded and pictures are made: all jobs end, once.

Takes a minute, so only `make test-files` runs it. The store is moto's, with a disk.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote

import pytest
import requests

from cli.ports import free_port
from tests.acceptance.media.test_large_files import MIB, upload
from tests.acceptance.media.test_media_killed import JOBS, MODEL, ask, let_writers_die, picture
from tests.acceptance.system.guard import Guard
from tests.acceptance.system.polling import until
from tests.acceptance.system.process import Process
from tests.acceptance.system.stack import Stack

pytestmark = pytest.mark.skipif(
    not os.environ.get("REPLYTO_TEST_LARGE_FILES"), reason="`make test-files` runs this"
)

KILLS, UPLOADS, UPLOAD_BYTES = 3, 6, 24 * MIB
_SECRETS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class Store:
    """An S3 store that can be killed; what it had answered for is there again."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder, self._guard = free_port(), folder, Guard()
        self._objects = folder / "objects"
        self.address = f"s3://files?endpoint=http://127.0.0.1:{self.port}&region=us-east-1"
        self.start()

    def start(self) -> None:
        argv = [sys.executable, "-m", "tests.support.servers.s3_store"]
        argv += [str(self.port), str(self._objects)]
        log = self._folder / "store.log"
        self._process = Process("store", argv, os.environ, log, self._guard)
        until(self._answers, "the store answers")

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self.kill()
        self._guard.close()

    def names(self) -> set[str]:
        """Return the blobs that are there."""
        found = [path for path in self._objects.iterdir() if path.suffix != ".new"]
        return {unquote(path.name).rsplit("/", 1)[-1] for path in found}

    def unfinished(self) -> bool:
        """Whether there are parts of what was never whole."""
        told = requests.get(f"http://127.0.0.1:{self.port}/files?uploads", timeout=10)
        return "<UploadId>" in told.text

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(Store(tmp_path_factory.mktemp("store"))) as store:
        yield store


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Iterator[Stack]:
    settings = {"REPLYTO_ARTIFACTS": store.address, "REPLYTO_MAX_ATTEMPTS": "9", **_SECRETS}
    directory = tmp_path_factory.mktemp("stack")
    with Stack(directory, demo_models=(MODEL,), settings=settings) as stack:
        yield stack.open()


class Uploads:
    """Large files that are sent once, each in its thread: some get an answer, some a 503."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.done: list[str] = []
        self.refused: list[str] = []
        self.threads = [threading.Thread(target=self.send, args=(n,)) for n in range(UPLOADS)]

    def send(self, number: int) -> None:
        time.sleep(number * 0.8)
        try:
            self.done.append(upload(self._stack, UPLOAD_BYTES, number, pause_s=0.05))
        except AssertionError as error:
            if "storage_unavailable" not in str(error):
                raise
            self.refused.append(str(error))


def in_the_books(stack: Stack) -> set[str]:
    with closing(sqlite3.connect(stack.directory / "history.db", timeout=30)) as database:
        rows = database.execute("SELECT DISTINCT blob FROM artifacts WHERE deleted = 0")
        return {name for (name,) in rows}


def test_all_jobs_end_once_and_what_was_uploaded_is_whole(stack: Stack, store: Store) -> None:
    names, content, uploads = [uuid.uuid4().hex for _ in range(JOBS)], picture(), Uploads(stack)
    uploads.send(0)
    asking = [threading.Thread(target=ask, args=(stack, name, content)) for name in names]
    for thread in (*uploads.threads, *asking):
        thread.start()
    for _ in range(KILLS):
        time.sleep(1.2)
        store.kill()
        time.sleep(1)
        store.start()
    for thread in (*uploads.threads, *asking):
        thread.join()
    uploads.send(0)
    sys.stdout.write(f"\n{len(uploads.done)} uploads done, {len(uploads.refused)} told 503\n")
    assert len(uploads.done) >= 2
    assert uploads.refused
    for name in names:
        body = json.loads(stack.receiver.wait_for(f"/{name}", within_s=120)[0].body)
        made = requests.get(body["outputs"][0]["url"], timeout=30)
        assert made.content.startswith(b"\x89PNG")
        told = {one.headers["webhook-id"] for one in stack.receiver.received(f"/{name}")}
        assert len(told) == 1
    with stack.api() as api:
        listed = api.get("/v1/files?purpose=evals").json()["data"]
        assert {one["id"] for one in listed} == set(uploads.done)
        for one in listed:
            assert len(api.get(f"/v1/files/{one['id']}/content").content) == UPLOAD_BYTES
    let_writers_die(stack)
    until(lambda: store.names() == in_the_books(stack), "no object is left over", within_s=90)
    assert not store.unfinished()
