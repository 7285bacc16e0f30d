"""The files of one attempt: those that its request names, and those that its answer brings."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from shared.artifacts.artifact import Artifact
from shared.artifacts.artifacts import Artifacts
from shared.callbacks.result_links import base_url
from shared.errors import DatabaseUnavailable, Failure, ServiceError, StorageUnavailable
from shared.jobs.moves import Claim
from shared.media.request import FileRef
from shared.media.result import Kept
from shared.settings import Settings
from workers.providers.base import Blame, ProviderError

log = logging.getLogger(__name__)

#: What the files of answers are for, as lists of files show it.
PURPOSE: Final = "output"
#: How long a file is kept that a client is only passed on (seconds).
PASSING_S: Final = 600.0
#: How long what is in hand waits for a store that is away, and between two tries (seconds).
_PATIENCE_S: Final = 30.0
_PAUSE_S: Final = 1.0
#: What passes by itself.
_AWAY: Final = (StorageUnavailable, DatabaseUnavailable)
_LOST: Final = Failure(
    404,
    "invalid_request_error",
    "file_gone",
    "A file of the request is not there any more; send it again.",
    error_code="NotFound",
)


class Desk:
    """Opens and keeps files of one job. What is not asked of it costs nothing."""

    def __init__(
        self,
        artifacts: Artifacts,
        settings: Settings,
        job: Claim,
        *,
        purpose: str = PURPOSE,
        ttl_s: float | None = None,
    ) -> None:
        """`purpose` is that of the files it keeps, and `ttl_s` how long they are kept."""
        self._artifacts = artifacts
        self._settings = settings
        self._job = job
        self._purpose = purpose
        self._ttl_s = settings.artifact_ttl_s if ttl_s is None else ttl_s
        self._kept: list[str] = []

    def open(self, file: FileRef) -> Generator[bytes, None, None]:
        """Give the bytes of a file of the request. Raises ProviderError if it is gone."""
        artifact = self._artifacts.find(file.id)
        if artifact is None or artifact.owner != self._job.owner:
            raise ProviderError(_LOST, transient=False)
        yield from self._artifacts.read(artifact)

    def whole(self, file: FileRef) -> bytes:
        """Return all bytes of a file of the request. Raises ProviderError if it is gone."""
        return b"".join(self.open(file))

    def keep(
        self, pieces: Iterable[bytes], *, media_type: str | None = None, name: str = ""
    ) -> Kept:
        """Keep a file of the answer as its bytes come; without a name it is called by its hash.

        What stops the bytes from coming is raised, and nothing is kept. A sequence is in hand:
        what it gives it gives again, while the store is away.
        """
        kept = self._received(pieces, media_type, name or "output")
        self._kept.append(kept.id)
        return Kept(
            id=kept.id,
            name=name or kept.file_name,
            media_type=kept.media_type,
            size=kept.size,
            sha256=kept.sha256,
            url=self._base_url() + self._artifacts.link(kept, self._ttl_s),
        )

    def _base_url(self) -> str:
        return base_url(self._settings, self._job.base_url)

    def drop_kept(self) -> None:
        """Drop the files that were kept, of an answer that is none: nobody knows of them."""
        try:
            while self._kept:
                self._artifacts.delete(self._kept.pop())
        except ServiceError as exc:
            # They expire by themselves.
            log.warning("job %s: files of an attempt stay for now: %s", self._job.id, exc)

    def _received(self, pieces: Iterable[bytes], media_type: str | None, name: str) -> Artifact:
        until_s = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._artifacts.receive(
                    pieces,
                    owner=self._job.owner,
                    name=name,
                    purpose=self._purpose,
                    media_type=media_type,
                    expires_s=self._ttl_s,
                )
            except _AWAY as exc:
                # What has streamed by is gone; what is in hand has been paid.
                if not isinstance(pieces, Sequence) or time.monotonic() > until_s:
                    raise
                log.warning("job %s: its file is held in memory: %s", self._job.id, exc)
                time.sleep(_PAUSE_S)


@contextmanager
def dropped_without_answer(desk: Desk | None) -> Iterator[None]:
    """Drop what the block has kept if it fails: a later picture may be broken, or nobody waits."""
    try:
        yield
    except BaseException:
        if desk is not None:
            desk.drop_kept()
        raise


def failed_files(error: ServiceError) -> ProviderError:
    """Return the error of an attempt whose files could not be read or kept."""
    failure = Failure(error.status, error.type, error.code, error.message, error.error_code)
    return ProviderError(
        failure,
        transient=isinstance(error, _AWAY),
        retry_after_s=error.retry_after_s,
        blame=Blame.OURS,
    )
