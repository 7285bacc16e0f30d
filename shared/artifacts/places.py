"""Where the bytes of artifacts are, as the settings say."""

from __future__ import annotations

from shared.artifacts.blobs import Blobs
from shared.artifacts.folder import FolderBlobs
from shared.files_address import S3Address, read_files_address
from shared.settings import Settings, SettingsError


def blobs_of(settings: Settings) -> Blobs:
    """Return the place. Raises SettingsError when what S3 needs is not installed."""
    place = read_files_address(settings.artifacts or str(settings.data_dir.resolve() / "artifacts"))
    if not isinstance(place, S3Address):
        return FolderBlobs(place, settings.storage_free_bytes)
    try:
        from shared.artifacts.s3 import S3Blobs  # noqa: PLC0415 - an optional library, and heavy
    except ImportError:
        raise SettingsError(
            "REPLYTO_ARTIFACTS: S3 needs boto3, which is not installed: pip install 'replyto[s3]'"
        ) from None
    return S3Blobs(place)
