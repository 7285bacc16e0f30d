"""OpenAI's files: upload, list, read, delete."""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.files.forms import expiry_of, file_object, own_file, purpose_of
from gateway.files.listing import page_fields
from gateway.files.received_form import received_form
from gateway.files.serving import serve
from gateway.http.request import incoming
from gateway.http.routes import Call, route
from shared.artifacts.sniffing import OCTETS
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

blueprint = Blueprint("files", __name__)


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
    file = own_file(call, call.request.file_id)
    artifacts = call.services.artifacts
    return serve(artifacts, file, incoming(), as_attachment=True, media_type=OCTETS)
