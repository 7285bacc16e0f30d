"""Reads a request's values, however its client sends them: JSON body, form, or query string."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

from flask import request

from gateway.http import heavy
from gateway.http.request import IncomingRequest, incoming
from gateway.services import services
from shared.codecs.half_characters import may_have_halves, whole
from shared.codecs.json_text import parse_document
from shared.dtos.base import Dto
from shared.errors import ValidationFailed
from shared.wire.naming import fold

D = TypeVar("D", bound=Dto)
T = TypeVar("T")

_MULTIPART: Final = "multipart/form-data"
#: Most fields of a form.
_MOST_FIELDS: Final = 1000
#: Most bytes of a call that carries no content, unless it says otherwise.
_SMALL_BYTES: Final = 1_048_576
_NOWHERE: Final[Mapping[str, Any]] = {}
_begins_object = re.compile(rb"\s*\{").match

#: Fields that are strings by nature, also where their text in a form reads as a number.
_STRINGS: Final = frozenset(("model", "refid", "tag", "provider", "replyto", "user", "groupid"))


def bind(dto: type[D], most_bytes: int = _SMALL_BYTES, place: Mapping[str, Any] = _NOWHERE) -> D:
    """Return the request as this DTO. Query values are overruled by those of the body.

    These are by what its path says, its `place`.

    Raises BodyTooLarge, MalformedJson, and ValidationFailed naming the field.
    """
    asked = incoming()
    if asked.mimetype != _MULTIPART:
        asked.max_content_length = min(most_bytes, asked.max_content_length or most_bytes)
    return dto.bind([*request.args.items(), *body_values().items(), *place.items()])


def read_call(parse: Callable[[bytes], T]) -> T:
    """Return the call that the request is. Raises TooManyValues, and what `parse` raises."""
    caller, limit = _caller(), services().settings.max_json_values
    return heavy.read_call(parse, chat_body(), limit=limit, caller=caller)


def chat_body() -> bytes:
    """Return the JSON body of a call of an LLM; a form is made into one.

    So is a query string where there is no body. Beside one it is not for the model: Azure's
    clients write an `api-version` there.
    """
    asked = incoming()
    raw = asked.body
    if raw and not _is_form(asked):
        return raw
    values = asked.form.to_dict() or asked.args.to_dict()
    return _as_json(values) if values else raw


def _is_form(asked: IncomingRequest) -> bool:
    """Whether the body is a form; curl calls JSON that when it is not told better."""
    named = asked.mimetype in ("application/x-www-form-urlencoded", _MULTIPART)
    if not named or _is_object(asked.body):
        return False
    # Of the parts of the other kind Werkzeug takes a thousand.
    if asked.mimetype != _MULTIPART and asked.body.count(b"&") >= _MOST_FIELDS:
        raise ValidationFailed(f"The form has more than {_MOST_FIELDS} fields.")
    return True


def body_values() -> dict[str, Any]:
    """Return what the body says by its names, be it JSON or a form."""
    asked = incoming()
    if _is_form(asked):
        return asked.form.to_dict()
    # JavaScript's GETs carry a JSON content type and no body.
    if not asked.body:
        return {}
    limit = services().settings.max_json_values
    _, value = heavy.read(parse_document, asked.body, limit=limit, caller=_caller())
    if may_have_halves(asked.body):
        value = whole(value)
    if not isinstance(value, dict):
        raise ValidationFailed("The body must be a JSON object.")
    return value


def _caller() -> str:
    principal = incoming().principal
    return principal.owner if principal else ""


def _is_object(body: bytes) -> bool:
    return _begins_object(body) is not None


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
