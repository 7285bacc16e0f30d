"""Worker and gateway are killed while pictures are uploaded, made and kept: nothing is left over.

Takes a minute, so only `make test-files` runs it.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
import requests
from PIL import Image

from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CHAT, GATEWAY, Stack

pytestmark = pytest.mark.skipif(
    not os.environ.get("REPLYTO_TEST_LARGE_FILES"), reason="`make test-files` runs this"
)

MODEL = "demo-slow-300ms-image"
JOBS, KILLS = 24, 3


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"REPLYTO_LEASE_S": "3", "REPLYTO_LEASE_RENEW_S": "1", "REPLYTO_MAX_ATTEMPTS": "9"}
    directory = tmp_path_factory.mktemp("killed")
    with Stack(directory, demo_models=(MODEL,), settings=settings) as stack:
        yield stack.open()


def picture() -> bytes:
    """Return a picture of a megabyte of noise."""
    written = io.BytesIO()
    Image.frombytes("RGB", (600, 600), os.urandom(600 * 600 * 3)).save(written, "PNG")
    return written.getvalue()


def ask(stack: Stack, ref_id: str, content: bytes) -> None:
    """Queue a change of a picture; again until it is accepted, as clients with a RefId do."""
    form = {"model": MODEL, "positivePrompt": "x", "refId": ref_id}
    form["replyTo"] = stack.receiver.url(f"/{ref_id}")
    for _ in range(200):
        with suppress(requests.RequestException), stack.api() as api:
            files = {"image": ("a.png", content, "image/png")}
            if api.post("/api/QueueImageToImage", data=form, files=files).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError(f"{ref_id} was never accepted")


def on_disk(stack: Stack) -> set[str]:
    folder = stack.directory / "artifacts"
    return {path.name for path in folder.rglob("*") if path.is_file()}


def in_the_books(stack: Stack) -> set[str]:
    """Return the blobs that something visible, or expiring by itself, refers to."""
    with closing(sqlite3.connect(stack.directory / "history.db", timeout=30)) as database:
        rows = database.execute("SELECT DISTINCT blob FROM artifacts WHERE deleted = 0")
        return {name for (name,) in rows}


def let_writers_die(stack: Stack) -> None:
    """Ten minutes without a word are over: who wrote then is dead to the others."""
    with closing(sqlite3.connect(stack.directory / "history.db", timeout=30)) as database:
        database.execute("UPDATE artifact_blobs SET until_ms = 0 WHERE state = 'writing'")
        database.commit()


def test_all_jobs_end_once_and_no_file_is_left_over(stack: Stack) -> None:
    names = [uuid.uuid4().hex for _ in range(JOBS)]
    content = picture()
    threads = [threading.Thread(target=ask, args=(stack, name, content)) for name in names]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(1.5)
        stack.restart(GATEWAY)
        stack.restart(CHAT)
    for thread in threads:
        thread.join()
    stack.wait_ready()
    for name in names:
        came = stack.receiver.wait_for(f"/{name}", within_s=120)[0]
        body = json.loads(came.body)
        assert body["refId"] == name
        assert requests.get(body["outputs"][0]["url"], timeout=30).content.startswith(b"\x89PNG")
    for name in names:
        told = {one.headers["webhook-id"] for one in stack.receiver.received(f"/{name}")}
        assert len(told) == 1
    let_writers_die(stack)
    until(lambda: on_disk(stack) == in_the_books(stack), "no file is left over", within_s=90)
