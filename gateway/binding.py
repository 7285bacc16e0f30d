"""Reads a request's values, however its client sends them: JSON body, form, or query string."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final, TypeVar

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from shared.casing import fold
from shared.dtos.base import Dto
from shared.errors import ValidationFailed
from shared.json_text import parse_document

D = TypeVar("D", bound=Dto)

#: Fields that are strings by nature, also where their text in a form reads as a number.
_STRINGS: Final = frozenset(("model", "refid", "tag", "provider", "replyto", "user"))


def bind(dto: type[D]) -> D:
    """Return the request as this DTO. Query values are overruled by those of the body.

    Raises MalformedJson, and ValidationFailed naming the field.
    """
    return dto.bind([*request.args.items(), *_body_values().items()])


def chat_body() -> bytes:
    """Return the JSON body of a call of an LLM; a form or query string is made into one."""
    raw = _raw_body()
    if _is_form() or not raw:
        values = {**request.args.to_dict(), **request.form.to_dict()}
        if values:
            return _as_json(values)
    return raw


def _raw_body() -> bytes:
    """Return the body. Raises RequestEntityTooLarge."""
    raw, limit = request.get_data(), request.max_content_length
    # Of a body whose length was not said Werkzeug reads what may be read, and is content.
    if request.content_length is None and limit is not None and len(raw) >= limit:
        raise RequestEntityTooLarge
    return raw


def _is_form() -> bool:
    """Whether the body is a form; curl calls JSON that when it is not told better."""
    named = request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
    return named and not _raw_body().lstrip().startswith(b"{")


def _body_values() -> dict[str, Any]:
    if _is_form():
        return request.form.to_dict()
    # JavaScript's GETs carry a JSON content type and no body.
    raw = _raw_body()
    if not raw:
        return {}
    _, value = parse_document(raw)
    if not isinstance(value, dict):
        raise ValidationFailed("The body must be a JSON object.")
    return value


def _as_json(values: dict[str, str]) -> bytes:
    members = (f"{json.dumps(name)}:{_as_value(name, text)}" for name, text in values.items())
    return ("{" + ",".join(members) + "}").encode("utf-8", "surrogatepass")


def _as_value(name: str, text: str) -> str:
    """Return the text as JSON: as it is where it reads so, but for what is a string by nature."""
    if fold(name) not in _STRINGS:
        with suppress(ValueError, RecursionError):
            json.loads(text)
            return text
    return json.dumps(text)
