"""AI Server's wire of files: artifacts by link or path, their variants, and deleting them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response

from gateway.files.serving import serve
from gateway.files.variants import variant_of
from gateway.http.request import IncomingRequest, incoming
from gateway.http.routes import Call, route
from shared.artifacts import links
from shared.artifacts.artifact import HIDDEN, Artifact
from shared.dtos import catalog
from shared.dtos.media.files import (
    DeleteFileByPath,
    DeleteFiles,
    DeleteFilesResponse,
    GetArtifact,
    GetArtifactVariant,
)
from shared.errors import ArtifactNotFound, ResultLinkExpired, ResultLinkInvalid

blueprint = Blueprint("artifacts", __name__)

#: How long a browser may keep what it has by its own key (seconds).
_LIVES_S: Final = 3600
#: Most digits of a time.
_DIGITS: Final = 12


def is_signed(asked: IncomingRequest) -> bool:
    """Whether the request brings a signature instead of a key."""
    return "signature" in asked.args


@route(blueprint, catalog.GET_ARTIFACT, open_to=is_signed)
def get_artifact(call: Call[GetArtifact]) -> Response:
    """Give a file."""
    asked = call.request
    artifact, lives_s = _permitted(call, asked.path, asked.expires, asked.signature)
    return serve(
        call.services.artifacts,
        artifact,
        incoming(),
        as_attachment=asked.download,
        lives_s=lives_s,
    )


@route(blueprint, catalog.GET_ARTIFACT_VARIANT, open_to=is_signed)
def get_variant(call: Call[GetArtifactVariant]) -> Response:
    """Give a picture in another size."""
    asked, artifacts = call.request, call.services.artifacts
    path = asked.path.removeprefix("artifacts/")
    artifact, lives_s = _permitted(call, path, asked.expires, asked.signature)
    variant = variant_of(artifacts, artifact, asked.variant)
    return serve(artifacts, variant, incoming(), as_attachment=asked.download, lives_s=lives_s)


@route(blueprint, catalog.DELETE_FILE_BY_PATH)
def delete_one(call: Call[DeleteFileByPath]) -> DeleteFilesResponse:
    """Delete a file."""
    if not _delete(call, call.request.path):
        raise ArtifactNotFound("There is no such file of yours.", field="path")
    return DeleteFilesResponse(deleted=[call.request.path])


@route(blueprint, catalog.DELETE_FILES)
def delete_many(call: Call[DeleteFiles]) -> DeleteFilesResponse:
    """Delete files."""
    outcome: Mapping[bool, list[str]] = {True: [], False: []}
    for path in dict.fromkeys(call.request.paths):
        outcome[_delete(call, path)].append(path)
    return DeleteFilesResponse(deleted=outcome[True], missing=outcome[False])


def _permitted(call: Call[object], path: str, expires: str, signature: str) -> tuple[Artifact, int]:
    """Return the artifact, and for how long the permission to read it lasts (seconds)."""
    signed = is_signed(incoming())
    artifact_id = links.id_of(path)
    owner = None if signed else call.principal.owner
    found = call.services.artifacts.find(artifact_id, owner) if artifact_id else None
    if found is None or found.purpose in HIDDEN or not links.path_of(found).endswith(f"/{path}"):
        raise ArtifactNotFound
    if not signed:
        return found, _LIVES_S
    return found, _check_signature(call, found, expires, signature)


def _check_signature(call: Call[object], found: Artifact, expires: str, signature: str) -> int:
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= _DIGITS):
        raise ResultLinkInvalid(field="expires")
    if not links.is_genuine(call.services.settings, found, int(expires), signature):
        raise ResultLinkInvalid(field="signature")
    left_s = int(expires) - int(time.time())
    if left_s <= 0:
        raise ResultLinkExpired
    # Whom nobody asks is found also when its time has passed; a link does not outlive its file.
    if call.services.artifacts.find(found.id, found.owner) is None:
        raise ArtifactNotFound
    return min(left_s, 86_400)


def _delete(call: Call[object], path: str) -> bool:
    """Delete one of the caller's files, named by its id, its path or its link."""
    plain = path.partition("?")[0].rpartition("/artifacts/")[2].removeprefix("artifacts/")
    artifact_id = links.id_of(plain) or plain
    artifacts, owner = call.services.artifacts, call.principal.owner
    found = artifacts.find(artifact_id, owner)
    return found is not None and found.purpose not in HIDDEN and artifacts.delete(found.id, owner)
