"""Bytes in an S3 store, by boto3: one object a blob. See docs/adr/0044-s3-by-boto3.md.

Credentials are where AWS's own tools look for them: `AWS_ACCESS_KEY_ID`, profiles, roles.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from shared.artifacts.blobs import PIECE_BYTES, BlobWriter
from shared.errors import StorageUnavailable
from shared.files_address import S3Address
from shared.native_threads import NativeThreads, TookTooLong

log = logging.getLogger(__name__)

T = TypeVar("T")

#: So much goes to the store at once; it waits in a file, for there may be hundreds of uploads.
#: The store takes at most 10,000 parts of an object, and none but the last below 5 MiB.
_PART_BYTES: Final = 8 * 1024 * 1024
#: So many bytes of it are read in one turn of a process's loop.
_TURN_BYTES: Final = 65_536
_CONNECT_S: Final = 5
_READ_S: Final = 60
_DISK_S: Final = 30.0
_TRIES: Final = 3
_CONNECTIONS: Final = 50
_FAILURES: Final = (BotoCoreError, ClientError, HTTPError, OSError, TookTooLong)


class S3Blobs:
    """A bucket."""

    is_disk = False

    def __init__(self, address: S3Address) -> None:
        self.bucket, self._prefix = address.bucket, address.prefix
        self.client: Any = _client(address)
        self.threads = NativeThreads()

    def check_room(self) -> None:
        """Return: there is always room."""

    def open(self, name: str) -> BlobWriter:
        """Begin; the store hears of it when there is a part, or all."""
        return _S3Writer(self, self.key(name))

    def read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Give the object's bytes. It is asked for before the first piece is."""
        span = f"bytes={start}-{end - 1}"
        got = self.run(
            lambda: self.client.get_object(Bucket=self.bucket, Key=self.key(name), Range=span)
        )
        return self._pieces(got["Body"], end - start)

    def _pieces(self, body: Any, left: int) -> Iterator[bytes]:
        try:
            while left > 0:
                piece = self.run(lambda: body.read(PIECE_BYTES))
                if not piece:
                    raise StorageUnavailable("The file is shorter than it should be.")
                left -= len(piece)
                yield piece
        finally:
            body.close()

    def remove(self, name: str) -> None:
        """Remove the object, and the parts of one that was never finished."""
        key, bucket = self.key(name), self.bucket

        def work() -> None:
            self.client.delete_object(Bucket=bucket, Key=key)
            begun = self.client.list_multipart_uploads(Bucket=bucket, Prefix=key)
            for one in begun.get("Uploads", ()):
                self.client.abort_multipart_upload(
                    Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"]
                )

        self.run(work)

    def key(self, name: str) -> str:
        """Return what a blob is called in the bucket."""
        return f"{self._prefix}{name[:2]}/{name}"

    def run(self, work: Callable[[], T]) -> T:
        """Ask the store, or the disk. Raises StorageUnavailable."""
        try:
            return work()
        except _FAILURES as exc:
            log.warning("the S3 store failed: %s", _told(exc))
            raise StorageUnavailable(retry_after_s=5) from exc


class _S3Writer(BlobWriter):
    def __init__(self, blobs: S3Blobs, key: str) -> None:
        super().__init__()
        self._blobs = blobs
        self._place = {"Bucket": blobs.bucket, "Key": key}
        self._waiting: IO[bytes] = blobs.run(tempfile.TemporaryFile)
        self._size = 0
        self._upload_id = ""
        self._parts: list[dict[str, Any]] = []

    def write(self, piece: bytes) -> None:
        def work() -> None:
            self.digest.update(piece)
            self._waiting.write(piece)

        self._blobs.run(lambda: self._blobs.threads.call(work, _DISK_S))
        self._size += len(piece)
        if self._size >= _PART_BYTES:
            self._blobs.run(self._send_part)

    def close(self) -> None:
        try:
            self._blobs.run(self._finish)
        finally:
            self._waiting.close()

    def abandon(self) -> None:
        self._waiting.close()
        if self._upload_id:
            # Its row tells the sweep of it.
            with suppress(*_FAILURES):
                self._client.abort_multipart_upload(**self._place, UploadId=self._upload_id)

    @property
    def _client(self) -> Any:
        return self._blobs.client

    def _send_part(self) -> None:
        if not self._upload_id:
            self._upload_id = self._client.create_multipart_upload(**self._place)["UploadId"]
        number = len(self._parts) + 1
        self._waiting.seek(0)
        sent = self._client.upload_part(
            **self._place, UploadId=self._upload_id, PartNumber=number, Body=_Turning(self._waiting)
        )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})
        self._waiting.seek(0)
        self._waiting.truncate()
        self._size = 0

    def _finish(self) -> None:
        if not self._upload_id:
            self._waiting.seek(0)
            self._client.put_object(**self._place, Body=_Turning(self._waiting))
            return
        if self._size:
            self._send_part()
        self._client.complete_multipart_upload(
            **self._place, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
        )


class _Turning:
    """A body that botocore reads: twice over plain HTTP, where it signs what it sends.

    A part is megabytes, and neither hashing them nor sending them to a store that is near waits for
    anything: so each piece lets others go on.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Return some of the bytes, at most so many; none at the end. All, where none is said."""
        time.sleep(0)
        return self._file.read(size if size < 0 else min(size, _TURN_BYTES))

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()


def _client(address: S3Address) -> Any:
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"total_max_attempts": _TRIES, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
        # Stores other than Amazon's do not all know the newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=address.endpoint or None,
        region_name=address.region or None,
        config=config,
    )


def _told(error: BaseException) -> str:
    """Return what went wrong, without what was asked: that may name the bucket's secrets."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
