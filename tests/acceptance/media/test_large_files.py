"""What large files cost: many at once, one of half a gigabyte, and a gateway killed in between.

Takes minutes and gigabytes of disk, so only `make test-files` runs it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.acceptance.system.memory import family, resident_bytes
from tests.acceptance.system.stack import COMPLETION, GATEWAY, REDIS, Stack

pytestmark = pytest.mark.skipif(
    not os.environ.get("REPLYTO_TEST_LARGE_FILES"), reason="`make test-files` runs this"
)

MIB = 1024 * 1024
UPLOADS, UPLOAD_BYTES, LARGE_BYTES = 200, 25 * MIB, 500 * MIB
HEAD = (
    b'--X\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nevals\r\n'
    b'--X\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
)
TAIL = b"\r\n--X--\r\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("files")) as stack:
        yield stack.open(REDIS, GATEWAY, COMPLETION)


class Peak:
    """The most memory that a process and its children had."""

    def __init__(self, pid: int) -> None:
        self._pid, self._is_over = pid, threading.Event()
        self.before = self.most = self._now()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            self.most = max(self.most, self._now())

    def _now(self) -> int:
        return sum(resident_bytes(pid) for pid in family(self._pid))

    def grown_mib(self) -> float:
        return (self.most - self.before) / MIB


def tell(what: str) -> None:
    sys.stdout.write(f"\n{what}\n")


def body(size: int, piece: bytes) -> Iterator[bytes]:
    yield HEAD
    for _ in range(size // len(piece)):
        yield piece
    yield TAIL


def upload(stack: Stack, size: int, seed: int = 0, pause_s: float = 0) -> str:
    piece = seed.to_bytes(4, "big") + os.urandom(MIB - 4)

    def slowly() -> Iterator[bytes]:
        for one in body(size, piece):
            time.sleep(pause_s)
            yield one

    answer = requests.post(
        f"{stack.url}/v1/files",
        data=slowly(),
        headers={
            "Authorization": f"Bearer {stack.api_key}",
            "Content-Type": "multipart/form-data; boundary=X",
        },
        timeout=600,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["bytes"] == size
    return str(answer.json()["id"])


def blobs(stack: Stack) -> list[Path]:
    return [path for path in (stack.directory / "artifacts").rglob("*") if path.is_file()]


def test_many_uploads_at_once_take_little_memory(files: Stack) -> None:
    upload(files, MIB)
    began = time.monotonic()
    with Peak(files.pid(GATEWAY)) as peak, ThreadPoolExecutor(UPLOADS) as pool:
        ids = list(pool.map(lambda n: upload(files, UPLOAD_BYTES, n), range(UPLOADS)))
    took_s = time.monotonic() - began
    tell(f"{UPLOADS} x 25 MiB: {took_s:.0f} s, gateway grew by {peak.grown_mib():.0f} MiB")
    assert len(set(ids)) == UPLOADS
    assert peak.grown_mib() < 100


def test_large_file_goes_in_and_comes_out_in_ranges(files: Stack) -> None:
    with Peak(files.pid(GATEWAY)) as peak:
        began = time.monotonic()
        file_id = upload(files, LARGE_BYTES)
        took_s = time.monotonic() - began
        headers = {"Authorization": f"Bearer {files.api_key}"}
        url = f"{files.url}/v1/files/{file_id}/content"
        part = requests.get(url, headers={**headers, "Range": "bytes=-1000000"}, timeout=60)
        assert (part.status_code, len(part.content)) == (206, 1_000_000)
        began = time.monotonic()
        with requests.get(url, headers=headers, timeout=600, stream=True) as whole:
            size = sum(map(len, whole.iter_content(MIB)))
    down_s = time.monotonic() - began
    tell(f"500 MiB: up {took_s:.1f} s, down {down_s:.1f} s, grew by {peak.grown_mib():.0f} MiB")
    assert size == LARGE_BYTES
    assert peak.grown_mib() < 50


def test_killed_gateway_leaves_nothing_that_is_seen_or_stays(files: Stack) -> None:
    before = len(blobs(files))
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(upload, files, UPLOAD_BYTES, 1000 + n, 0.2) for n in range(4)]
        while len(blobs(files)) < before + 4:
            time.sleep(0.05)
        time.sleep(1)
        files.kill(GATEWAY)
        assert all(one.exception() is not None for one in tries)
    files.start(GATEWAY)
    files.wait_ready()
    headers = {"Authorization": f"Bearer {files.api_key}"}
    listed = requests.get(f"{files.url}/v1/files", headers=headers, timeout=60).json()["data"]
    assert len(blobs(files)) == before + 4
    # Ten minutes without a word are over: the writers are dead to the others.
    with closing(sqlite3.connect(files.directory / "history.db", timeout=30)) as database:
        database.execute("UPDATE artifact_blobs SET until_ms = 0 WHERE state = 'writing'")
        database.commit()
    for _ in range(900):
        if len(blobs(files)) == before:
            break
        time.sleep(0.1)
    assert len(blobs(files)) == before
    assert len(listed) == UPLOADS + 2
