"""The store of artifacts on an S3 store: moto's server, asked over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cli.ports import free_port
from shared.artifacts.artifacts import Artifacts
from shared.artifacts.places import blobs_of
from shared.errors import StorageUnavailable
from shared.files_address import S3Address, read_files_address
from tests.support.factories import new_database, new_settings

BIG = bytes(range(256)) * 80_000


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port := free_port(), verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    bucket = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").Bucket("files")
    bucket.create()
    bucket.objects.delete()
    return bucket


@pytest.fixture
def artifacts(endpoint: str, bucket: Any) -> Artifacts:
    place = f"s3://files/some/prefix?endpoint={endpoint}&region=us-east-1"
    return Artifacts(new_database(), new_settings(artifacts=place))


def names(bucket: Any) -> list[str]:
    return [one.key for one in bucket.objects.all()]


def unfinished(bucket: Any) -> int:
    return len(list(bucket.multipart_uploads.all()))


@pytest.mark.parametrize("content", [b"", b"small", BIG], ids=["empty", "small", "parts"])
def test_what_goes_in_comes_out_and_goes(artifacts: Artifacts, bucket: Any, content: bytes) -> None:
    pieces = [content[n : n + 100_000] for n in range(0, len(content), 100_000)]
    made = artifacts.receive(pieces, owner="a", name="n", purpose="batch")
    assert [key.startswith("some/prefix/") for key in names(bucket)] == [True]
    assert b"".join(artifacts.read(made)) == content
    assert b"".join(artifacts.read(made, 3, 500_000)) == content[3:500_000]
    artifacts.delete(made.id, "a")
    assert artifacts.sweep() == 1
    assert names(bucket) == []


def test_what_breaks_off_leaves_nothing(artifacts: Artifacts, bucket: Any) -> None:
    def broken() -> Iterator[bytes]:
        yield BIG
        assert unfinished(bucket) == 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        artifacts.receive(broken(), owner="a", name="n", purpose="batch")
    assert (names(bucket), unfinished(bucket)) == ([], 0)


def test_parts_of_a_writer_that_died_are_swept(artifacts: Artifacts, bucket: Any) -> None:
    died = artifacts._blobs.open("abc")
    died.write(BIG)
    assert unfinished(bucket) == 1
    artifacts._blobs.remove("abc")
    assert (names(bucket), unfinished(bucket)) == ([], 0)
    died.abandon()


def test_store_that_is_away_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        place = f"s3://files?endpoint=http://127.0.0.1:{nobody.getsockname()[1]}&region=x"
        artifacts = Artifacts(new_database(), new_settings(artifacts=place))
        with pytest.raises(StorageUnavailable):
            artifacts.receive([b"x"], owner="a", name="n", purpose="batch")
    assert artifacts.list("a") == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/var/files", Path("/var/files")),
        ("s3://bucket", S3Address("bucket")),
        (
            "s3://b.c-d/x/y/?endpoint=http%3A%2F%2Fh%3A9000&region=eu",
            S3Address("b.c-d", "x/y/", "http://h:9000", "eu"),
        ),
    ],
)
def test_address_is_read(text: str, address: object) -> None:
    assert read_files_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["gs://bucket", "s3://", "s3://key:secret@bucket", "s3://b?x=1", "s3://bucket?endpoint=h"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must|option"):
        read_files_address(text)


def test_without_boto3_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "shared.artifacts.s3", None)
    with pytest.raises(Exception, match=r"pip install 'replyto\[s3\]'"):
        blobs_of(new_settings(artifacts="s3://bucket"))
