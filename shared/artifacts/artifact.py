"""What an artifact is: a file of an owner, whole and unchanging. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

#: Most characters of a file's name.
_LONGEST_NAME: Final = 255
#: Folders, controls, and what turns the direction of a text, so that a name looks like another.
_not_for_names = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")

#: The purpose of files that batches make.
BATCH_OUTPUT: Final = "batch_output"
#: Purposes of our own, which lists do not show.
INCOMING: Final = "incoming"
UPLOAD: Final = "upload"
UPLOAD_PART: Final = "upload_part"
VARIANT: Final = "variant"
PASSING: Final = "passing"
HIDDEN: Final = (INCOMING, UPLOAD, UPLOAD_PART, VARIANT, PASSING)

#: What a file's name ends with, by its type.
EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/tiff": "tiff",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jp2": "jp2",
    "image/jxl": "jxl",
    "image/x-icon": "ico",
    "image/svg+xml": "svg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/pcm": "pcm",
    "audio/webm": "webm",
    "audio/x-matroska": "mka",
    "audio/3gpp": "3gp",
    "audio/amr": "amr",
    "audio/aiff": "aiff",
    "audio/midi": "mid",
    "audio/x-caf": "caf",
    "audio/x-ms-wma": "wma",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-msvideo": "avi",
    "video/x-matroska": "mkv",
    "video/mpeg": "mpeg",
    "video/ogg": "ogv",
    "video/3gpp": "3gp",
    "video/3gpp2": "3g2",
    "video/x-flv": "flv",
    "video/x-ms-wmv": "wmv",
    "application/pdf": "pdf",
    "application/json": "json",
    "application/jsonl": "jsonl",
    "application/zip": "zip",
    "text/plain": "txt",
    "text/html": "html",
    "text/csv": "csv",
    "text/vtt": "vtt",
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file. `size` is bytes, `created` and `expires` are unix seconds, `expires` None for never.

    `blob` names its bytes in the store; files of the same content share them. `extra` is JSON.
    """

    id: str
    owner: str
    sha256: str
    size: int
    media_type: str
    name: str
    purpose: str
    created: float
    expires: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    blob: str = ""

    @property
    def file_name(self) -> str:
        """A name that says what it holds, and nothing of who made it."""
        return f"{self.sha256}.{self.extension}"

    @property
    def extension(self) -> str:
        """What its name should end with, without a dot."""
        known = EXTENSIONS.get(self.media_type)
        return known or PurePosixPath(self.name).suffix[1:].lower()[:16] or "bin"


def tidy_name(name: str) -> str:
    """Return a file's name without folders and control characters; dots alone are none."""
    last = re.split(r"[/\\]", name)[-1]
    tidy = _not_for_names.sub("", last).encode("utf-8", "replace").decode().strip()
    return tidy[-_LONGEST_NAME:] if tidy.strip(".") else "file"
