"""A form whose files are in the store already: what a view asked for stays, the rest goes again."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.http.multipart import read_form
from gateway.http.request import incoming
from shared.artifacts.artifact import INCOMING, Artifact
from shared.artifacts.artifacts import Artifacts
from shared.errors import ArtifactNotFound, ServiceError, ValidationFailed
from shared.media.form_names import is_named
from shared.named_error import named

log = logging.getLogger(__name__)

#: How long a file waits for its view, should that die (seconds).
_WAITS_S: Final = 3600.0
#: What the form may have beside its files (bytes).
_BESIDE_BYTES: Final = 2 * 1024 * 1024


@dataclass(slots=True)
class ReceivedForm:
    """Fields in the order in which they came, and files by field. Names are as they were sent.

    Asked for by `name`, all spellings of a list are found.
    """

    artifacts: Artifacts
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, Artifact]] = field(default_factory=list)
    _kept: set[str] = field(default_factory=set)

    def text(self, name: str) -> str | None:
        """Return a field's text, the last one's if there are several; None when there is none."""
        return next(reversed(self.texts(name)), None)

    def texts(self, name: str) -> list[str]:
        """Return the texts of a field."""
        return [text for key, text in self.fields if is_named(key, name)]

    def file(self, name: str) -> Artifact | None:
        """Return a field's file, the first one's if there are several."""
        return next(iter(self.all_files(name)), None)

    def all_files(self, name: str) -> list[Artifact]:
        """Return the files of a field."""
        return [artifact for key, artifact in self.files if is_named(key, name)]

    def require_file(self, name: str) -> Artifact:
        """Return a field's file. Raises ValidationFailed naming the field."""
        if (found := self.file(name)) is None:
            raise ValidationFailed(f"{name}: must be sent, as a file", field=name)
        return found

    def keep(
        self,
        artifact: Artifact,
        *,
        purpose: str,
        name: str | None = None,
        expires_s: float | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Artifact:
        """Let one of the files stay, for so many seconds or, None, until it is deleted."""
        kept = self.artifacts.amend(
            artifact, purpose=purpose, name=name, expires_s=expires_s, extra=extra
        )
        if kept is None:
            raise ArtifactNotFound
        self._kept.add(artifact.id)
        return kept

    def drop_rest(self) -> None:
        """Delete the files that nobody kept."""
        for _, artifact in self.files:
            if artifact.id not in self._kept:
                self.artifacts.delete(artifact.id)


@contextmanager
def received_form(
    artifacts: Artifacts,
    owner: str,
    *,
    most_bytes: int,
    most_files: int = 1,
    most_file_bytes: int | None = None,
    prefix: str = "file-",
) -> Iterator[ReceivedForm]:
    """Read the request's form, its files into the store; at the end drop those that nobody kept.

    `most_bytes` is what all files may have together; `prefix` begins their ids. Raises
    ValidationFailed, ArtifactTooLarge, RequestEntityTooLarge, StorageQuotaExceeded,
    StorageUnavailable, DatabaseUnavailable.
    """
    form = ReceivedForm(artifacts)

    def take(key: str, name: str, kind: str | None, pieces: Iterator[bytes]) -> None:
        if len(form.files) >= most_files:
            raise ValidationFailed(f"{key}: at most {most_files} files may be sent", field=key)
        artifact = artifacts.receive(
            pieces,
            owner=owner,
            name=name or key,
            purpose=INCOMING,
            media_type=kind,
            expires_s=_WAITS_S,
            most_bytes=most_file_bytes or most_bytes,
            artifact_id=f"{prefix}{secrets.token_hex(16)}",
        )
        form.files.append((key, artifact))

    try:
        form.fields = read_form(incoming(), most_bytes + _BESIDE_BYTES, take)
        yield form
    finally:
        try:
            form.drop_rest()
        except ServiceError as exc:
            # They expire by themselves.
            log.warning("files of a form could not be removed yet: %s", named(exc))
