"""Reads a request's values, however its client sends them: JSON body, form, or query string."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final, TypeVar

from flask import request

from gateway.incoming_request import IncomingRequest, incoming
from shared.casing import fold
from shared.codecs.half_characters import may_have_halves, whole
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
    asked = incoming()
    raw = asked.body
    if not raw or _is_form(asked):
        values = {**asked.args.to_dict(), **asked.form.to_dict()}
        if values:
            return _as_json(values)
    return raw


def _is_form(asked: IncomingRequest) -> bool:
    """Whether the body is a form; curl calls JSON that when it is not told better."""
    named = asked.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
    return named and not asked.body.lstrip().startswith(b"{")


def _body_values() -> dict[str, Any]:
    asked = incoming()
    if _is_form(asked):
        return asked.form.to_dict()
    # JavaScript's GETs carry a JSON content type and no body.
    if not asked.body:
        return {}
    _, value = parse_document(asked.body)
    if may_have_halves(asked.body):
        value = whole(value)
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
