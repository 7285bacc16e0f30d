"""OpenAI's uploads: a file in parts.

An upload is an artifact without bytes; what it says of itself is changed only by who has seen it as
it is. So of two that complete it, or complete and cancel it, one succeeds.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from typing import Any, Final

from flask import Blueprint

from gateway.files.forms import expiry_of, file_object
from gateway.files.received_form import received_form
from gateway.http.routes import Call, route
from shared.artifacts.artifact import UPLOAD, UPLOAD_PART, Artifact
from shared.artifacts.artifacts import Artifacts
from shared.dtos import catalog
from shared.dtos.media.files import (
    CancelUpload,
    CompleteUpload,
    CreateUpload,
    OpenAiUpload,
    OpenAiUploadPart,
    Purpose,
)
from shared.errors import ArtifactNotFound, ArtifactTooLarge, ValidationFailed

blueprint = Blueprint("uploads", __name__)

#: How long an upload takes parts, how long it is told of, and how long parts are kept (seconds).
_LIFE_S: Final = 3600
_MEMORY_S: Final = 86_400
_PART_S: Final = 2 * _LIFE_S
#: Most bytes of a part: OpenAI's.
_PART_BYTES: Final = 64 * 1024 * 1024
#: How many artifacts are looked at in one read.
_PAGE: Final = 500


@route(blueprint, catalog.CREATE_UPLOAD)
def create(call: Call[CreateUpload]) -> OpenAiUpload:
    """Begin an upload."""
    asked, most = call.request, call.services.settings.max_upload_bytes
    if asked.bytes > most:
        raise ArtifactTooLarge(f"bytes: an upload may have at most {most} bytes", field="bytes")
    seconds = str(asked.expires_after.seconds) if asked.expires_after else None
    said = {
        "bytes": asked.bytes,
        "purpose": asked.purpose,
        "mime_type": asked.mime_type,
        "expires_s": expiry_of(seconds, asked.purpose),
        "status": "pending",
    }
    made = call.services.artifacts.receive(
        (),
        owner=call.principal.owner,
        name=asked.filename,
        purpose=UPLOAD,
        expires_s=_MEMORY_S,
        extra=said,
        artifact_id=f"upload_{secrets.token_hex(16)}",
    )
    return _form(made)


@route(blueprint, catalog.ADD_UPLOAD_PART, read=lambda: None)
def add_part(call: Call[None]) -> OpenAiUploadPart:
    """Keep a part of an upload, as it comes."""
    upload = _pending(call, call.place["upload_id"])
    artifacts, owner = call.services.artifacts, call.principal.owner
    with received_form(artifacts, owner, most_bytes=_PART_BYTES, prefix="part_") as form:
        part = form.require_file("data")
        form.keep(part, purpose=UPLOAD_PART, expires_s=_PART_S, extra={"upload": upload.id})
    return OpenAiUploadPart(id=part.id, created_at=int(part.created), upload_id=upload.id)


@route(blueprint, catalog.COMPLETE_UPLOAD)
def complete(call: Call[CompleteUpload]) -> OpenAiUpload:
    """Make a file of the parts, in the order that is asked for."""
    artifacts, upload = call.services.artifacts, _pending(call, call.request.upload_id)
    parts = [_part(call, upload, part_id) for part_id in call.request.part_ids]
    _check_size(upload, sum(part.size for part in parts))
    said, digest = upload.extra, hashlib.md5(usedforsecurity=False)
    file = artifacts.receive(
        _content(artifacts, parts, digest),
        owner=call.principal.owner,
        name=upload.name,
        purpose=said["purpose"],
        media_type=said["mime_type"],
        expires_s=said["expires_s"],
        most_bytes=said["bytes"],
    )
    wanted = call.request.md5
    if wanted and wanted.lower() != digest.hexdigest():
        artifacts.delete(file.id)
        raise ValidationFailed("md5: the parts make another file than that", field="md5")
    done = artifacts.amend(
        upload, extra={**said, "status": "completed", "file": file.id}, only_if_unchanged=True
    )
    if done is None:
        artifacts.delete(file.id)
        raise ValidationFailed("This upload was completed or cancelled meanwhile.")
    _drop_parts(call, upload)
    return _form(done, file)


@route(blueprint, catalog.CANCEL_UPLOAD)
def cancel(call: Call[CancelUpload]) -> OpenAiUpload:
    """Cancel an upload."""
    upload = _pending(call, call.request.upload_id)
    changed = {**upload.extra, "status": "cancelled"}
    done = call.services.artifacts.amend(upload, extra=changed, only_if_unchanged=True)
    if done is None:
        raise ValidationFailed("This upload was completed or cancelled meanwhile.")
    _drop_parts(call, upload)
    return _form(done)


def _pending(call: Call[Any], upload_id: str) -> Artifact:
    found = call.services.artifacts.find(upload_id, call.principal.owner)
    if found is None or found.purpose != UPLOAD:
        raise ArtifactNotFound(f"No such Upload object: {upload_id[:64]}", field="id")
    if (status := _status(found)) != "pending":
        raise ValidationFailed(f"This upload is {status}; begin another.")
    return found


def _part(call: Call[Any], upload: Artifact, part_id: str) -> Artifact:
    found = call.services.artifacts.find(part_id, call.principal.owner)
    if found is None or found.purpose != UPLOAD_PART or found.extra.get("upload") != upload.id:
        told = f"part_ids: '{part_id[:64]}' is no part of this upload"
        raise ValidationFailed(told, field="part_ids")
    return found


def _check_size(upload: Artifact, size: int) -> None:
    expected = upload.extra["bytes"]
    if size != expected:
        told = f"part_ids: the parts have {size} bytes, and the upload was to have {expected}"
        raise ValidationFailed(told, field="part_ids")


def _content(artifacts: Artifacts, parts: list[Artifact], digest: Any) -> Iterator[bytes]:
    for part in parts:
        for piece in artifacts.read(part):
            digest.update(piece)
            yield piece


def _drop_parts(call: Call[Any], upload: Artifact) -> None:
    artifacts, owner, after = call.services.artifacts, call.principal.owner, None
    while page := artifacts.list(owner, UPLOAD_PART, after, _PAGE):
        for part in page:
            if part.extra.get("upload") == upload.id:
                artifacts.delete(part.id, owner)
        after = page[-1].id
        if len(page) < _PAGE or page[-1].created < upload.created:
            return


def _status(upload: Artifact) -> str:
    status = str(upload.extra["status"])
    is_late = status == "pending" and upload.created + _LIFE_S < time.time()
    return "expired" if is_late else status


def _form(upload: Artifact, file: Artifact | None = None) -> OpenAiUpload:
    return OpenAiUpload(
        id=upload.id,
        bytes=upload.extra["bytes"],
        created_at=int(upload.created),
        expires_at=int(upload.created) + _LIFE_S,
        filename=upload.name,
        purpose=Purpose(upload.extra["purpose"]),
        status=_status(upload),
        file=None if file is None else file_object(file),
    )
