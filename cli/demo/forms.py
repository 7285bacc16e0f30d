"""Forms with files, as the demo LLM reads them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.formparser import MultiPartParser

from cli.demo.answers import BadRequest, Json, parse_json


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    content: bytes


def form_of(body: bytes) -> Json:
    """Return a form's fields and files by their names; JSON too. Raises BadRequest."""
    if not body.startswith(b"--"):
        return parse_json(body)
    boundary = body.partition(b"\r\n")[0][2:]
    try:
        fields, files = MultiPartParser().parse(io.BytesIO(body), boundary, len(body))
    except ValueError as exc:
        raise BadRequest(f"the form is none: {exc}") from exc
    request: Json = {name: _one(values) for name, values in fields.lists()}
    for name, sent in files.lists():
        request[name] = _one([File(one.filename or "", one.read()) for one in sent])
        for one in sent:
            one.close()
    return request


def _one(values: Sequence[object]) -> object:
    return values[0] if len(values) == 1 else values
