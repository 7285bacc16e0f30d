"""Files with OpenAI's SDK, on real processes; and what is left when these are killed."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import NotFoundError, OpenAI

from tests.acceptance.system.stack import Stack

CONTENT = bytes(range(256)) * 12_000


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=0) as client:
        yield client


def test_file_of_the_sdk(client: OpenAI) -> None:
    made = client.files.create(
        file=("in.jsonl", CONTENT),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert (made.bytes, made.filename, made.purpose) == (len(CONTENT), "in.jsonl", "batch")
    # Each is told in whole seconds of its own moment.
    assert made.expires_at - made.created_at in (3600, 3601)
    assert client.files.retrieve(made.id) == made
    assert client.files.wait_for_processing(made.id).status == "processed"
    assert made.id in [one.id for one in client.files.list(purpose="batch", limit=1)]
    assert client.files.content(made.id).content == CONTENT
    with client.files.with_streaming_response.content(made.id) as answer:
        assert b"".join(answer.iter_bytes()) == CONTENT
    assert client.files.delete(made.id).deleted
    with pytest.raises(NotFoundError, match="No such File object"):
        client.files.retrieve(made.id)


def test_upload_of_the_sdk(client: OpenAI, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(CONTENT)
    upload = client.uploads.upload_file_chunked(
        file=tmp_path / "big.bin", mime_type="text/plain", purpose="user_data", part_size=1_000_000
    )
    assert upload.status == "completed"
    assert upload.file is not None
    assert client.files.content(upload.file.id).content == CONTENT
    other = client.uploads.create(bytes=5, filename="x", mime_type="text/plain", purpose="evals")
    client.uploads.parts.create(other.id, data=b"12345")
    assert client.uploads.cancel(other.id).status == "cancelled"


def test_client_that_goes_away_leaves_nothing(stack: Stack, client: OpenAI) -> None:
    before = [one.id for one in client.files.list()]
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.api_key}\r\n"
        "Content-Type: multipart/form-data; boundary=X\r\nContent-Length: 9000000\r\n\r\n"
        '--X\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    )
    host, port = stack.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as link:
        link.sendall(head.encode() + b"y" * 3_000_000)
        _until(lambda: bool(_largest(stack) > 1_000_000))
    _until(lambda: _largest(stack) == 0)
    assert [one.id for one in client.files.list()] == before


def _largest(stack: Stack) -> int:
    """Return the size of the largest file that consists of what that client sends."""
    folder = stack.directory / "artifacts"
    sizes = [0]
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                sizes += [path.stat().st_size] * (file.read(100) == b"y" * 100)
    return max(sizes)


def _until(is_so: object) -> None:
    for _ in range(200):
        if is_so():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError
