"""Pictures in other sizes: made once, kept for a while, by a process of their own.

Nothing that a picture's bytes do to its decoder reaches the gateway: the process has limits of
memory, time and pixels, and there are few at once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Final

from gevent.lock import BoundedSemaphore
from sqlalchemy.exc import IntegrityError

from shared.artifacts.artifact import VARIANT, Artifact
from shared.artifacts.artifacts import Artifacts
from shared.errors import ArtifactNotFound, TooManyWaiting, ValidationFailed

#: Largest side (pixels), and the largest picture that is taken (bytes).
_MOST_PIXELS: Final = 4096
_MOST_BYTES: Final = 64 * 1024 * 1024
#: How long one may take, how long others wait for it, and how long it is kept (seconds).
_TIMEOUT_S: Final = 20.0
_PATIENCE_S: Final = 10.0
_KEPT_S: Final = 86_400.0
#: Processes at once.
_AT_ONCE: Final = 2

_INHERITED: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")

_places = BoundedSemaphore(_AT_ONCE)
_part = re.compile(r"(width|height)=([1-9][0-9]{0,3})").fullmatch


def variant_of(artifacts: Artifacts, artifact: Artifact, wanted: str) -> Artifact:
    """Return the picture in the size that is wanted: `width=N`, `height=N`, or both by comma.

    Raises ValidationFailed for another wish, or what is no picture; TooManyWaiting.
    """
    width, height = read_size(wanted)
    if not artifact.media_type.startswith("image/") or artifact.size > _MOST_BYTES:
        raise ValidationFailed("Only pictures of at most 64 MiB come in other sizes.")
    name = f"{artifact.id}.{width or ''}x{height or ''}"
    if (known := artifacts.find(name, artifact.owner)) is not None:
        return known
    if not _places.acquire(timeout=_PATIENCE_S):
        raise TooManyWaiting("Too many pictures are being resized; try again.", retry_after_s=2)
    try:
        resized = _resized(b"".join(artifacts.read(artifact)), width, height)
    finally:
        _places.release()
    return _kept(artifacts, artifact, name, resized)


def read_size(wanted: str) -> tuple[int | None, int | None]:
    """Return width and height, None for what follows from the other. Raises ValidationFailed."""
    found = [_part(part.strip().lower()) for part in wanted.split(",")]
    sizes = {match[1]: int(match[2]) for match in found if match}
    if not sizes or len(sizes) < len(found) or max(sizes.values()) > _MOST_PIXELS:
        told = f"variant: must be width=N, height=N, or both by comma, N at most {_MOST_PIXELS}"
        raise ValidationFailed(told, field="variant")
    return sizes.get("width"), sizes.get("height")


def _resized(picture: bytes, width: int | None, height: int | None) -> bytes:
    # Not the secrets that the gateway's own environment holds.
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    command = [sys.executable, "-m", "shared.artifacts.resize", str(width or 0), str(height or 0)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and two numbers
            command,
            input=picture,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise ValidationFailed("The picture takes too long to be resized.") from None
    if done.returncode:
        raise ValidationFailed("The picture cannot be read, or has too many pixels.")
    return done.stdout


def _kept(artifacts: Artifacts, artifact: Artifact, name: str, resized: bytes) -> Artifact:
    try:
        return artifacts.receive(
            [resized],
            owner=artifact.owner,
            name=f"{artifact.name.rsplit('.', 1)[0]}.webp",
            purpose=VARIANT,
            expires_s=_KEPT_S,
            artifact_id=name,
        )
    except IntegrityError:
        # Somebody else made it meanwhile, or it has expired and is not swept yet.
        found = artifacts.find(name)
    if found is None:
        raise ArtifactNotFound
    return found
