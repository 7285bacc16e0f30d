"""AI Server's uploads: in `pub`, which everybody reads who has the path, and in `secure`."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response

from gateway.files.received_form import received_form
from gateway.files.serving import serve
from gateway.http.request import IncomingRequest, incoming
from gateway.http.routes import Call, route
from shared.artifacts.artifact import Artifact
from shared.dtos import catalog
from shared.dtos.media.files import (
    DeleteFileUpload,
    FileUploadResponse,
    GetFileUpload,
    Purpose,
    StoreFileUploadResponse,
)
from shared.errors import ArtifactNotFound, ValidationFailed

blueprint = Blueprint("locations", __name__)

#: Most files of one form.
_MOST_FILES: Final = 20
_PUBLIC: Final = "pub"
_LOCATIONS: Final = (_PUBLIC, "secure")


def is_public(asked: IncomingRequest) -> bool:
    """Whether the request names a place that is open to everybody."""
    return asked.path.startswith(f"/uploads/{_PUBLIC}/")


@route(blueprint, catalog.STORE_FILE_UPLOAD, read=lambda: None)
def store(call: Call[None]) -> StoreFileUploadResponse:
    """Keep all files of the form, whatever their fields are called."""
    location = call.place["location"]
    if location not in _LOCATIONS:
        raise ArtifactNotFound("There are the locations pub and secure.", field="location")
    return StoreFileUploadResponse(results=_stored(call, location))


@route(blueprint, catalog.GET_FILE_UPLOAD, open_to=is_public)
def get(call: Call[GetFileUpload]) -> Response:
    """Give a file."""
    asked = call.request
    owner = None if is_public(incoming()) else call.principal.owner
    found = _found(call, asked.path, owner)
    return serve(call.services.artifacts, found, incoming(), as_attachment=asked.attachment)


@route(blueprint, catalog.REPLACE_FILE_UPLOAD, read=lambda: None)
def replace(call: Call[None]) -> FileUploadResponse:
    """Keep another file, then delete the one in whose place it comes."""
    old = _found(call, call.place["path"], call.principal.owner)
    stored = _stored(call, old.extra["location"])
    call.services.artifacts.delete(old.id, call.principal.owner)
    return FileUploadResponse(result=stored[0])


@route(blueprint, catalog.DELETE_FILE_UPLOAD)
def delete(call: Call[DeleteFileUpload]) -> FileUploadResponse:
    """Delete a file."""
    found = _found(call, call.request.path, call.principal.owner)
    done = call.services.artifacts.delete(found.id, call.principal.owner)
    return FileUploadResponse(result=done)


def _stored(call: Call[Any], location: str) -> list[str]:
    gateway, owner = call.services, call.principal.owner
    most = gateway.settings.max_file_bytes
    with received_form(gateway.artifacts, owner, most_bytes=most, most_files=_MOST_FILES) as form:
        if not form.files:
            raise ValidationFailed("Send at least one file, as multipart/form-data.")
        extra = {"location": location}
        kept = [form.keep(one, purpose=Purpose.USER_DATA, extra=extra) for _, one in form.files]
    return [f"/uploads/{location}/{one.id}/{one.name}" for one in kept]


def _found(call: Call[Any], path: str, owner: str | None) -> Artifact:
    location, _, rest = path.partition("/")
    artifacts = call.services.artifacts
    found = artifacts.find(rest.partition("/")[0], owner)
    if found is not None and owner is None:
        found = artifacts.find(found.id, found.owner)
    if found is None or found.extra.get("location") != location:
        raise ArtifactNotFound(field="path")
    return found
