"""OpenAI's files: upload, list, read, delete."""

from __future__ import annotations

import time
from typing import Final

from flask import Blueprint, Response

from gateway.files.forms import expiry_of, file_object, own_file, purpose_of
from gateway.files.listing import page_fields
from gateway.files.received_form import received_form
from gateway.files.serving import serve
from gateway.http.request import incoming
from gateway.http.routes import Call, route
from shared.artifacts.artifact import BATCH_OUTPUT, HIDDEN, Artifact
from shared.artifacts.artifacts import Artifacts
from shared.artifacts.sniffing import OCTETS
from shared.batches.csv_lines import as_csv
from shared.dtos import catalog
from shared.dtos.media.files import (
    DeletedFile,
    DeleteFile,
    ListFiles,
    OpenAiFile,
    OpenAiFiles,
    RetrieveFile,
    RetrieveFileContent,
)
from shared.errors import ValidationFailed

blueprint = Blueprint("files", __name__)

_CSV: Final = "text/csv"
#: Long enough that the event loop goes round (seconds).
_TURN_S: Final = 1e-6


@route(blueprint, catalog.CREATE_FILE, read=lambda: None)
def create(call: Call[None]) -> OpenAiFile:
    """Keep a file, as it comes."""
    gateway, owner = call.services, call.principal.owner
    most = gateway.settings.max_file_bytes
    with received_form(gateway.artifacts, owner, most_bytes=most) as form:
        purpose = purpose_of(form.text("purpose"))
        expires_s = expiry_of(form.text("expires_after[seconds]"), purpose)
        file = form.require_file("file")
        return file_object(form.keep(file, purpose=purpose, expires_s=expires_s))


@route(blueprint, catalog.LIST_FILES)
def listing(call: Call[ListFiles]) -> OpenAiFiles:
    """List the caller's files."""
    asked = call.request
    found = call.services.artifacts.list(
        call.principal.owner,
        asked.purpose,
        asked.after,
        asked.limit + 1,
        ascending=asked.order == "asc",
    )
    return OpenAiFiles(**page_fields(found, asked.limit, file_object))


@route(blueprint, catalog.RETRIEVE_FILE)
def retrieve(call: Call[RetrieveFile]) -> OpenAiFile:
    """Show a file."""
    return file_object(own_file(call, call.request.file_id))


@route(blueprint, catalog.DELETE_FILE)
def delete(call: Call[DeleteFile]) -> DeletedFile:
    """Delete a file."""
    file = own_file(call, call.request.file_id)
    call.services.artifacts.delete(file.id, call.principal.owner)
    return DeletedFile(id=file.id)


@route(blueprint, catalog.RETRIEVE_FILE_CONTENT)
def content(call: Call[RetrieveFileContent]) -> Response:
    """Give a file's bytes."""
    file = _shown_file(call, call.request.file_id)
    artifacts = call.services.artifacts
    if call.request.format and file.purpose != BATCH_OUTPUT:
        raise ValidationFailed(
            "format: only files that a batch has made are tables", field="format"
        )
    # Whoever accepts CSV has it already, where the file is one of its own.
    if file.purpose == BATCH_OUTPUT and (
        call.request.format or incoming().accept_mimetypes.best == _CSV
    ):
        return _table(artifacts, file)
    return serve(artifacts, file, incoming(), as_attachment=True, media_type=OCTETS)


def _shown_file(call: Call[RetrieveFileContent], file_id: str) -> Artifact:
    """Return a file of the caller's; an admin sees what all jobs say, and so their files."""
    if call.principal.is_admin:
        found = call.services.artifacts.find(file_id)
        if found is not None and found.purpose not in HIDDEN:
            return found
    return own_file(call, file_id)


def _table(artifacts: Artifacts, file: Artifact) -> Response:
    """Return the file of a batch as CSV, line by line."""
    lines = as_csv(artifacts.read(file), lambda: time.sleep(_TURN_S))
    response = Response(lines, mimetype=_CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.id}.csv"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
