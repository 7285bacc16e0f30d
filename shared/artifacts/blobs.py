"""What a place for bytes must be able to do. Names are given once, and never again."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final, Protocol

#: How many bytes are read at once.
PIECE_BYTES: Final = 65_536


class BlobWriter(ABC):
    """Bytes on their way into the store. All raise StorageUnavailable, StorageFull."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    @abstractmethod
    def write(self, piece: bytes) -> None:
        """Add these bytes, and count them into the digest."""

    @abstractmethod
    def close(self) -> None:
        """Return when all of it is kept, whatever dies from now on."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of it. Does not raise: what cannot be removed now is swept later."""


class Blobs(Protocol):
    """A folder, or an S3 store. All raise StorageUnavailable."""

    #: Whether it is a disk, for which threads wait.
    is_disk: bool

    def check_room(self) -> None:
        """Raise StorageFull when there is no room for more."""

    def open(self, name: str) -> BlobWriter:
        """Begin to write under a name that was never used."""

    def read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Give the bytes from `start` up to `end`, which is not included, in pieces."""

    def remove(self, name: str) -> None:
        """Remove what is there of it, also what was never finished; nothing is no error."""
