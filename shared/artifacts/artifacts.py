"""The store of artifacts, as the rest of the house uses it."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import EllipsisType
from typing import Any, Final, TypeVar

from shared.artifacts import links
from shared.artifacts.artifact import Artifact, tidy_name
from shared.artifacts.blobs import Blobs
from shared.artifacts.leftovers import Leftovers
from shared.artifacts.places import blobs_of
from shared.artifacts.receiving import Receiving, give_up_until_ms
from shared.artifacts.records import Records
from shared.database.database import Database
from shared.errors import StorageUnavailable
from shared.named_error import named
from shared.native_threads import NativeThreads, TookTooLong, hand_over_soon
from shared.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

_is_id = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch

#: Most rows of one transaction of the sweep, and most blobs that it looks at in one read.
_BATCH: Final = 200
#: How long a file may take whose bytes are all there (seconds).
_AT_ONCE_S: Final = 120.0


class Artifacts:
    """Files of owners. In the gateway and in workers; connects when first used.

    Whatever the database or the place of the bytes says no to is DatabaseUnavailable,
    StorageUnavailable or StorageFull: all 503.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        blobs: Blobs | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._database = database
        self._records = Records(database, settings.storage_quota_bytes)
        self._leftovers = Leftovers(database)
        self._blobs = blobs or blobs_of(settings)
        self._clock = clock
        self._threads = NativeThreads()

    def receive(
        self,
        chunks: Iterable[bytes],
        *,
        owner: str,
        name: str,
        purpose: str,
        media_type: str | None = None,
        expires_s: float | None = None,
        extra: Mapping[str, Any] | None = None,
        artifact_id: str = "",
        most_bytes: int | None = None,
    ) -> Artifact:
        """Keep what these chunks bring, and return it when all is kept: else there is nothing.

        A sequence is there already: no other turn of the loop comes between its rows and bytes.
        `media_type` is what its sender says; `expires_s` seconds from now, None for never.
        Raises ArtifactTooLarge, StorageQuotaExceeded, and what the chunks raise.
        """
        now_s = self._clock()
        draft = Artifact(
            id=artifact_id or f"file-{secrets.token_hex(16)}",
            owner=owner,
            sha256="",
            size=0,
            media_type="",
            name=tidy_name(name),
            purpose=purpose,
            created=now_s,
            expires=None if expires_s is None else now_s + expires_s,
            extra=dict(extra or {}),
        )
        most = self._settings.max_file_bytes if most_bytes is None else most_bytes

        def work() -> Artifact:
            with Receiving(self._records, self._blobs, owner, most, self._clock) as receiving:
                for chunk in chunks:
                    receiving.write(chunk)
                return receiving.finish(draft, media_type)

        return self._at_once(work) if isinstance(chunks, Sequence) else work()

    def find(self, artifact_id: str, owner: str | None = None) -> Artifact | None:
        """Return an artifact that this owner sees; without an owner also what is only held yet."""
        if not _is_id(artifact_id):
            return None
        return self._records.find(artifact_id, owner, self._now_ms())

    def list(
        self,
        owner: str,
        purpose: str | None = None,
        after: str | None = None,
        limit: int = 100,
        *,
        ascending: bool = False,
    ) -> list[Artifact]:
        """Return at most so many of an owner's, the latest first, behind the one of this id."""
        now_ms = self._now_ms()
        if not _is_id(after or "x") or not _is_id(purpose or "x"):
            # PostgreSQL does not even look for some texts.
            return []
        return self._records.page(owner, purpose, after, limit, now_ms, ascending=ascending)

    def read(self, artifact: Artifact, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Give its bytes from `start` up to `end`, which is not included, in pieces.

        What is wrong at the beginning is raised here, not with the first piece.
        """
        stop = artifact.size if end is None else min(end, artifact.size)
        if start >= stop:
            return iter(())
        return self._blobs.read(artifact.blob, start, stop)

    def amend(
        self,
        artifact: Artifact,
        *,
        name: str | None = None,
        purpose: str | None = None,
        media_type: str | None = None,
        expires_s: float | EllipsisType | None = ...,
        extra: Mapping[str, Any] | None = None,
        only_if_unchanged: bool = False,
    ) -> Artifact | None:
        """Change what is said of an artifact; None when it is gone. What is not given stays.

        `expires_s` seconds from now, None for never. `only_if_unchanged`: None too when its
        purpose or extra are not those of `artifact` any more.
        """
        expires = self._clock() + expires_s if isinstance(expires_s, (int, float)) else None
        changed = replace(
            artifact,
            name=artifact.name if name is None else tidy_name(name),
            purpose=purpose or artifact.purpose,
            media_type=media_type or artifact.media_type,
            expires=artifact.expires if expires_s is ... else expires,
            extra=artifact.extra if extra is None else dict(extra),
        )
        known = artifact if only_if_unchanged else None
        return changed if self._records.amend(changed, known) else None

    def delete(self, artifact_id: str, owner: str | None = None) -> bool:
        """Take an artifact from its owner's sight at once; False when there is none.

        Its bytes go with the next sweep, unless a job holds it or another has the same.
        """
        return self._records.delete(artifact_id, owner, self._now_ms())

    def hold(self, artifact_id: str, job: str, lasts_s: float | None = None) -> bool:
        """Keep an artifact for a job until `release`; False when it is gone.

        A job that is never heard of again keeps it for so many seconds, by default as long as a
        job may take and its result is kept.
        """
        settings = self._settings
        lasts = settings.job_timeout_s + settings.result_ttl_s if lasts_s is None else lasts_s
        return self._records.hold(artifact_id, job, self._now_ms() + round(lasts * 1000))

    def release(self, job: str) -> None:
        """Let go of all that is kept for a job."""
        self._records.release(job)

    def link(self, artifact: Artifact, ttl_s: float | None = None) -> str:
        """Return a path that gives the artifact to whoever has it, for so many seconds from now."""
        lasts = self._settings.result_link_ttl_s if ttl_s is None else ttl_s
        return links.signed_path(self._settings, artifact, round(self._clock() + lasts))

    def used_bytes(self, owner: str) -> int:
        """Return how much of its storage an owner has used."""
        return self._records.used_bytes(owner)

    def sweep(self) -> int:
        """Remove what nobody needs; return how many blobs that were.

        It may die anywhere, and any number may run at once: rows go after what they tell of.
        """
        now_s = self._clock()
        now_ms = round(now_s * 1000)
        while self._leftovers.drop_expired(now_ms, _BATCH) == _BATCH:
            pass
        while self._leftovers.give_up_late(now_ms, give_up_until_ms(now_s), _BATCH) == _BATCH:
            pass
        return self._remove_doomed(now_ms)

    def _at_once(self, work: Callable[[], T]) -> T:
        """Do what asks disks alone in one thread, instead of in one for each step."""
        if not (self._blobs.is_disk and self._database.dialect == "sqlite"):
            return work()
        self._database.migrate()
        hand_over_soon()
        try:
            return self._threads.call(work, _AT_ONCE_S)
        except TookTooLong as exc:
            raise StorageUnavailable(retry_after_s=5) from exc

    def _remove_doomed(self, now_ms: int) -> int:
        after, removed = "", 0
        while doomed := self._leftovers.doomed(after, _BATCH):
            gone = []
            for name, until_ms in doomed:
                try:
                    self._blobs.remove(name)
                except StorageUnavailable as exc:
                    # One that cannot be removed must not keep the others.
                    log.warning(
                        "a blob cannot be removed, retrying: %s", named(exc.__cause__ or exc)
                    )
                    continue
                if until_ms <= now_ms:
                    gone.append(name)
            self._leftovers.forget(gone)
            removed += len(gone)
            after = doomed[-1][0]
        return removed

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)
