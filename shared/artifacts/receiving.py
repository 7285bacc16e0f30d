"""A file on its way into the store: counted, hashed, looked at, and whole or nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from shared.artifacts.artifact import Artifact
from shared.artifacts.blobs import Blobs
from shared.artifacts.records import Records
from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from shared.errors import ArtifactTooLarge, DatabaseUnavailable

#: So many bytes go to the store at once: each time another thread is asked.
_BATCH_BYTES: Final = 65_536
#: So many bytes of an owner's storage are taken at once, beyond what a small file has.
_STEP_BYTES: Final = 16 * 1024 * 1024
#: A writer not heard of for so long has died (seconds), and how often it says that it lives.
_LEASE_S: Final = 600.0
_RENEW_S: Final = 60.0
#: How long the row of a blob stays that was given up: for a writer that slept (seconds).
_MEMORY_S: Final = 3600.0


def give_up_until_ms(now_s: float) -> int:
    """Return until when the row of a blob stays whose writer was given up (unix ms)."""
    return round((now_s + _MEMORY_S) * 1000)


class Receiving:
    """One file: `write` its bytes, then `finish`. As a context it is abandoned unless finished."""

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        owner: str,
        most_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises StorageFull, StorageQuotaExceeded, StorageUnavailable, DatabaseUnavailable."""
        self._records, self._blobs, self._owner, self._clock = records, blobs, owner, clock
        self._most_bytes = most_bytes
        self._blob = secrets.token_hex(20)
        self._waiting, self._head = bytearray(), b""
        self._reserved, self._renewed_s = 0, time.monotonic()
        self._is_finished = False
        self.size = 0
        blobs.check_room()
        records.begin(self._blob, owner, self._until_ms())
        try:
            self._writer = blobs.open(self._blob)
        except BaseException:
            self._give_up()
            raise

    def write(self, piece: bytes) -> None:
        """Add bytes. Raises ArtifactTooLarge, and what the constructor does."""
        self.size += len(piece)
        if self.size > self._most_bytes:
            raise ArtifactTooLarge(f"The file has more than the {self._most_bytes} bytes it may.")
        if self._waiting or len(piece) < _BATCH_BYTES:
            self._waiting += piece
            if len(self._waiting) < _BATCH_BYTES:
                return
            piece = self._gathered()
        self._put(piece)

    def finish(self, draft: Artifact, media_type: str | None) -> Artifact:
        """Make it visible, as `draft` says in all that its bytes do not. Raises as `write` does."""
        self._put(self._gathered())
        self._writer.close()
        found = media_type_of(self._head, media_type, draft.name)
        whole = replace(
            draft,
            sha256=self._writer.digest.hexdigest(),
            size=self.size,
            media_type=found,
            blob=self._blob,
        )
        kept = self._records.finish(whole, self._reserved, round(self._clock() * 1000))
        self._is_finished = True
        return kept

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._is_finished:
            self._writer.abandon()
            self._give_up()

    def _gathered(self) -> bytes:
        piece, self._waiting = bytes(self._waiting), bytearray()
        return piece

    def _put(self, piece: bytes) -> None:
        self._head += piece[: HEAD_BYTES - len(self._head)]
        if self.size > self._reserved + _STEP_BYTES or self._is_silent():
            self._reserve()
        if piece:
            self._writer.write(piece)

    def _is_silent(self) -> bool:
        return time.monotonic() - self._renewed_s > _RENEW_S

    def _reserve(self) -> None:
        more = max(0, self.size - self._reserved)
        self._blobs.check_room()
        self._records.reserve(self._blob, self._owner, more, self._until_ms())
        self._reserved += more
        self._renewed_s = time.monotonic()

    def _until_ms(self) -> int:
        return round((self._clock() + _LEASE_S) * 1000)

    def _give_up(self) -> None:
        with suppress(DatabaseUnavailable):
            self._records.give_up(self._blob, give_up_until_ms(self._clock()))
