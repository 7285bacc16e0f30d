"""Pictures of an edit in JSON that name files of the caller: held while a job may need them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gateway.http.request import incoming
from gateway.media.uploads import Upload, drop
from gateway.services import Services
from shared.artifacts.artifact import HIDDEN
from shared.errors import ValidationFailed
from shared.media import request as media_request
from shared.media.request import FileRef
from shared.wire.chat_request import ChatCall

Json = dict[str, Any]


def with_named_files(gateway: Services, call: ChatCall) -> tuple[ChatCall, Upload]:
    """Return the call with references to the files that it names, and what is held of them.

    A call that names none stays as it is. Raises ValidationFailed; then nothing is held.
    """
    fields: Json = json.loads(call.chat.body)
    wanted = list(_named(fields))
    if not any("file_id" in one for _, _, one in wanted):
        return call, Upload()
    upload = Upload(held=f"asked-{secrets.token_hex(16)}")
    try:
        files = [_file(gateway, upload, *one) for one in wanted]
    except BaseException:
        drop(gateway, upload)
        raise
    rest = {name: value for name, value in fields.items() if name not in ("images", "mask")}
    body = media_request.compose(rest, files)
    same = media_request.same_as(rest, files)
    return replace(call, chat=replace(call.chat, body=body, same_as=same)), upload


def _named(fields: Json) -> Iterator[tuple[str, str, Json]]:
    """Give each picture with its field in a form, and its place in the request."""
    images = [one for one in fields.get("images") or [] if isinstance(one, dict)]
    name = "image" if len(images) == 1 else "image[]"
    for number, one in enumerate(images):
        yield name, f"images.{number}", one
    if isinstance(fields.get("mask"), dict):
        yield "mask", "mask", fields["mask"]


def _file(gateway: Services, upload: Upload, field: str, place: str, named: Json) -> FileRef:
    file_id, principal = named.get("file_id"), incoming().principal
    if not isinstance(file_id, str):
        raise ValidationFailed(
            f"{place}: name files by file_id alone, or pictures by image_url alone", field=place
        )
    found = gateway.artifacts.find(file_id, principal.owner if principal else "")
    if found is None or found.purpose in HIDDEN or not gateway.artifacts.hold(file_id, upload.held):
        raise ValidationFailed(f"{place}.file_id: there is no such file", field=f"{place}.file_id")
    return FileRef(
        field, found.id, found.name, found.media_type, size=found.size, sha256=found.sha256
    )
