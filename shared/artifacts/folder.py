"""Bytes in a folder: one file a blob, in 256 subfolders by the first letters of its name."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Final, TypeVar

from shared.artifacts.blobs import PIECE_BYTES, BlobWriter
from shared.errors import StorageFull, StorageUnavailable
from shared.native_threads import NativeThreads, TookTooLong

T = TypeVar("T")

#: How long the disk may take for one piece, and to make a whole file durable (seconds).
_PIECE_S: Final = 30.0
_SYNC_S: Final = 120.0
#: From so many bytes on the disk begins to write before all of a file is there.
_SOON_BYTES: Final = 262_144
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class FolderBlobs:
    """A folder that all processes see: on one machine, or on a network's file system."""

    is_disk = True

    def __init__(self, folder: Path, free_bytes: int) -> None:
        """`free_bytes`: how much of the disk is left to others."""
        self._folder = folder
        self._free_bytes = free_bytes
        self._threads = NativeThreads()
        self._has_subfolders = False

    def check_room(self) -> None:
        """Raise StorageFull when the disk has less free than is left to others."""

        def measure() -> int:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return shutil.disk_usage(self._folder).free

        if self.run(measure) < self._free_bytes:
            raise StorageFull(retry_after_s=60)

    def open(self, name: str) -> BlobWriter:
        """Make the file."""
        return _FileWriter(self, self.path(name))

    def read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Give the file's bytes. The file is opened before the first piece is asked for."""
        file = self.run(lambda: self.path(name).open("rb"))
        return self._pieces(file, start, end)

    def _pieces(self, file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
        try:
            self.run(lambda: file.seek(start))
            left = end - start
            while left > 0:
                piece = self.run(partial(file.read, min(left, PIECE_BYTES)))
                if not piece:
                    raise StorageUnavailable("The file is shorter than it should be.")
                left -= len(piece)
                yield piece
        finally:
            file.close()

    def remove(self, name: str) -> None:
        """Remove the file."""
        self.run(lambda: self.path(name).unlink(missing_ok=True))

    def path(self, name: str) -> Path:
        """Return where a blob is."""
        return self._folder / name[:2] / name

    def make_subfolders(self) -> None:
        """Make all of them, once a process, and their names durable: no file waits for its own."""
        if self._has_subfolders:
            return
        for number in range(256):
            (self._folder / f"{number:02x}").mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(self._folder)
        self._has_subfolders = True

    def run(self, work: Callable[[], T], limit_s: float = _PIECE_S) -> T:
        """Do something with the disk, in a thread where others would wait."""
        try:
            return self._threads.call(work, limit_s)
        except OSError as exc:
            if exc.errno in _FULL:
                raise StorageFull(retry_after_s=60) from exc
            raise StorageUnavailable(retry_after_s=5) from exc
        except TookTooLong as exc:
            raise StorageUnavailable(retry_after_s=5) from exc


class _FileWriter(BlobWriter):
    def __init__(self, blobs: FolderBlobs, path: Path) -> None:
        super().__init__()
        self._blobs, self._path = blobs, path
        self._file = blobs.run(self._make)

    def _make(self) -> IO[bytes]:
        self._blobs.make_subfolders()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A name is used once: what is there already is not ours to write over.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(descriptor, "wb", buffering=0)

    def write(self, piece: bytes) -> None:
        def work() -> None:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
            if len(piece) >= _SOON_BYTES:
                _write_back_soon(self._file.fileno(), len(piece))
            self.digest.update(piece)

        self._blobs.run(work)

    def close(self) -> None:
        def work() -> None:
            os.fsync(self._file.fileno())
            self._file.close()
            _sync(self._path.parent)

        self._blobs.run(work, _SYNC_S)

    def abandon(self) -> None:
        def work() -> None:
            self._file.close()
            self._path.unlink(missing_ok=True)

        try:
            self._blobs.run(work)
        except StorageUnavailable:
            # Its row tells the sweep of it.
            return


def _write_back_soon(descriptor: int, size: int) -> None:
    """Let the disk begin with so many bytes written last, while we do something else with them.

    Linux begins at once to write what it is told that nobody needs.
    """
    if hasattr(os, "posix_fadvise"):
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.posix_fadvise(descriptor, end - size, size, os.POSIX_FADV_DONTNEED)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
