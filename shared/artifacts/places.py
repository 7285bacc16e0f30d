"""Where the bytes of artifacts are, as the settings say."""

from __future__ import annotations

from pathlib import Path

from shared.artifacts.blobs import Blobs
from shared.artifacts.folder import FolderBlobs
from shared.settings import Settings


def blobs_of(settings: Settings) -> Blobs:
    """Return the place."""
    place = settings.artifacts or str(settings.data_dir.resolve() / "artifacts")
    return FolderBlobs(Path(place), settings.storage_free_bytes)
