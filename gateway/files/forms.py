"""How OpenAI's API shows files."""

from __future__ import annotations

from typing import Final

from gateway.http.routes import Call
from shared.artifacts.artifact import HIDDEN, Artifact
from shared.dtos.media.files import LEAST_EXPIRY_S, MOST_EXPIRY_S, OpenAiFile, Purpose
from shared.errors import ArtifactNotFound, ValidationFailed

#: How long a batch's file is kept when nothing is said of it (seconds): OpenAI's.
_BATCH_S: Final = 30 * 86_400


def file_object(artifact: Artifact) -> OpenAiFile:
    """Return an artifact as a file."""
    return OpenAiFile(
        id=artifact.id,
        bytes=artifact.size,
        created_at=int(artifact.created),
        expires_at=None if artifact.expires is None else int(artifact.expires),
        filename=artifact.name,
        purpose=artifact.purpose,
    )


def own_file(call: Call[object], file_id: str) -> Artifact:
    """Return a file that the caller sees. Raises ArtifactNotFound."""
    found = call.services.artifacts.find(file_id, call.principal.owner)
    if found is None or found.purpose in HIDDEN:
        raise ArtifactNotFound(f"No such File object: {file_id[:64]}", field="id")
    return found


def purpose_of(text: str | None) -> Purpose:
    """Read a file's purpose. Raises ValidationFailed."""
    try:
        return Purpose((text or "").strip())
    except ValueError:
        known = ", ".join(Purpose)
        raise ValidationFailed(f"purpose: must be one of {known}", field="purpose") from None


def expiry_of(text: str | None, purpose: Purpose) -> int | None:
    """Read `expires_after[seconds]`; None for never. Raises ValidationFailed."""
    field = "expires_after[seconds]"
    if text is None or not text.strip():
        return _BATCH_S if purpose is Purpose.BATCH else None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004
        raise ValidationFailed(f"{field}: must be a number of seconds", field=field)
    if not LEAST_EXPIRY_S <= int(text) <= MOST_EXPIRY_S:
        told = f"{field}: must be from {LEAST_EXPIRY_S} to {MOST_EXPIRY_S} seconds"
        raise ValidationFailed(told, field=field)
    return int(text)
