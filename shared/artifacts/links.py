"""Links that give one artifact to whoever has them, until they expire. Pure."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from shared.artifacts.artifact import Artifact
from shared.settings import Settings

#: Where artifacts are, as AI Server has it: the day, then whose it is, then its name.
PREFIX: Final = "/artifacts/"
_PURPOSE: Final = b"replyto artifact links"


def path_of(artifact: Artifact) -> str:
    """Return where an artifact is: `/artifacts/2026/11/28/file-…/<sha256>.png`."""
    day = datetime.fromtimestamp(artifact.created, tz=UTC).strftime("%Y/%m/%d")
    return f"{PREFIX}{day}/{artifact.id}/{artifact.file_name}"


def id_of(path: str) -> str | None:
    """Return the id of the artifact that a path behind the prefix names; None for no such path."""
    parts = path.strip("/").split("/")
    return parts[-2] if len(parts) == 5 else None  # noqa: PLR2004 - year, month, day, id, name


def signed_path(settings: Settings, artifact: Artifact, expires_s: int) -> str:
    """Return the link, good until then (unix seconds)."""
    query = urlencode({"expires": expires_s, "signature": signature(settings, artifact, expires_s)})
    return f"{path_of(artifact)}?{query}"


def is_genuine(settings: Settings, artifact: Artifact, expires_s: int, presented: str) -> bool:
    """Whether the signature is that of this artifact's link with this expiry; in constant time."""
    expected = signature(settings, artifact, expires_s).encode()
    return hmac.compare_digest(expected, presented.encode("utf-8", "surrogateescape"))


def signature(settings: Settings, artifact: Artifact, expires_s: int) -> str:
    """Return the link's signature, HMAC-SHA256 in URL-safe base64."""
    master = settings.encryption_key.get_secret_value().encode()
    key = hmac.digest(master, _PURPOSE, "sha256")
    content = f"{artifact.id}.{artifact.sha256}.{expires_s}".encode()
    return urlsafe_b64encode(hmac.digest(key, content, "sha256")).decode().rstrip("=")
