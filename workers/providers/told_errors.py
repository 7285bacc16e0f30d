"""What an error says, in whichever of the field's many forms it is told. Pure.

The forms are those of public APIs and bug reports: OpenAI's `{"error": {…}}`, Gemini's list around
it, Azure's `innererror`, OpenRouter's `metadata.raw`, vLLM's flat object, FastAPI's `detail`,
Mistral's `message.detail`, Cloudflare's `errors`, RFC 9457's `title`, Amazon's `__type`, others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

Json = dict[str, Any]

#: Longest message that is passed on (characters), and how deep errors are looked for in others.
_LONGEST: Final = 4000
_DEEPEST: Final = 5
#: Names of an error's text, its code and its type, the usual ones first.
_MESSAGES: Final = (
    *("message", "Message", "detail", "msg", "error_message", "errorMessage", "error_msg"),
    *("error_description", "status_msg", "faultstring", "title", "reason", "errors"),
)
_CODES: Final = ("code", "error_code", "errorCode", "errorcode", "Code", "status", "error_type")
_INNER: Final = ("error", "Error", "responseStatus", "ResponseStatus", "base_resp", "fault")
#: Where FastAPI says that a field stands: not part of its name.
_PLACES: Final = frozenset(("body", "query", "path", "header"))


@dataclass(frozen=True, slots=True)
class Told:
    """An error as OpenAI would tell it. `more` is what else its object held."""

    message: str = ""
    type: str = ""
    param: str | None = None
    code: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said."""
        return not (self.message or self.type or self.code)


SILENT: Final = Told()


def told_in(value: object, depth: int = 0) -> Told:
    """Return what an error's JSON says, in any form; SILENT for what says nothing."""
    if depth > _DEEPEST:
        return SILENT
    if isinstance(value, str):
        return Told(_clipped(value))
    if isinstance(value, list):
        return _first_told(value, depth)
    return _of_object(value, depth) if isinstance(value, dict) else SILENT


def _first_told(values: list[Any], depth: int) -> Told:
    """Return the first error of a list, its message with those of the others behind it."""
    every = [told for one in values[:10] if not (told := told_in(one, depth + 1)).is_silent]
    if not every:
        return SILENT
    return replace(every[0], message=_joined(told.message for told in every))


def _of_object(value: Json, depth: int) -> Told:
    own = _own(value, depth)
    inner = next((value[name] for name in _INNER if value.get(name)), None)
    if isinstance(inner, (dict, list)):
        return _over(told_in(inner, depth + 1), own)
    if isinstance(inner, str) and not own.message:
        return replace(own, message=_clipped(inner))
    if isinstance(inner, str):
        # A short name beside the message: what other APIs call a code.
        return replace(own, code=own.code or inner[:200])
    return _with_metadata(value, own, depth)


def _own(value: Json, depth: int) -> Told:
    """Return what the members of an object say themselves."""
    if isinstance(value.get("loc"), list):
        return _of_field(value)
    every = [value[name] for name in _MESSAGES if value.get(name)]
    found = next((one for one in every if isinstance(one, str)), next(iter(every), None))
    told = _found_in_message(found, depth)
    kind, param = value.get("type"), value.get("param")
    return Told(
        message=told.message,
        type=_type_of(kind),
        param=_text_of(param) or told.param,
        code=_code_of(value) or told.code,
        more={name: member for name, member in value.items() if name not in _INNER},
    )


def _type_of(kind: object) -> str:
    """Return the type if it names one: not the word "error" itself, nor RFC 9457's address."""
    is_name = isinstance(kind, str) and kind != "error" and ":" not in kind
    return str(kind)[:200] if is_name else ""


def _found_in_message(value: object, depth: int) -> Told:
    """Return what stands where a message is looked for: a text, or again an error (Mistral's).

    Who passes on what somebody else said may have it as JSON in a text.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        inner = told_in(_parsed(value), depth + 1)
        return inner if inner.message else told_in(value)
    if isinstance(value, dict) and not set(value) & {*_MESSAGES, *_INNER}:
        # ASP.NET's: by field, what is wrong with it.
        rows = [{"loc": [name], "msg": _text_of(why)} for name, why in list(value.items())[:10]]
        return told_in(rows, depth + 1)
    return told_in(value, depth + 1)


def _of_field(row: Json) -> Told:
    """Return FastAPI's and Pydantic's word on one field."""
    places = [str(place) for place in row["loc"]]
    name = ".".join(places[1:] if places and places[0] in _PLACES else places)
    why = _text_of(row.get("msg") or row.get("message"))
    kind = row.get("type")
    return Told(
        message=_clipped(f"{name}: {why}" if name else why),
        param=name[:200] or None,
        code=kind[:200] if isinstance(kind, str) else None,
        more={},
    )


def _with_metadata(value: Json, own: Told, depth: int) -> Told:
    """Add what stands deeper: OpenRouter's words of the upstream and reasons, Azure's reason."""
    metadata, inner = value.get("metadata"), value.get("innererror")
    told = own
    if isinstance(metadata, dict):
        raw = told_in(_parsed(metadata.get("raw")), depth + 1)
        reasons = metadata.get("reasons")
        listed = ", ".join(map(_text_of, reasons)) if isinstance(reasons, list) else ""
        message = _joined([own.message, raw.message, listed])
        told = replace(told, message=message)
    if isinstance(inner, dict) and not told.code:
        told = replace(told, code=_code_of(inner))
    return told


def _over(inner: Told, outer: Told) -> Told:
    """Return what the inner error says, and of the outer one what it leaves out."""
    return Told(
        inner.message or outer.message,
        inner.type or outer.type,
        inner.param or outer.param,
        inner.code or outer.code,
        inner.more,
    )


def _code_of(value: Json) -> str | None:
    """Return the name of the error; its number where it has no name."""
    amazon = value.get("__type")
    if isinstance(amazon, str):
        return amazon.rpartition("#")[2][:200]
    codes = [str(value[name])[:200] for name in _CODES if _is_code(value.get(name))]
    named = [code for code in codes if not (code.isascii() and code.isdecimal())]
    number = value.get("code")
    return next(iter(named), str(number)[:200] if _is_code(number) else None)


def _is_code(value: object) -> bool:
    return (isinstance(value, str) and bool(value)) or (
        isinstance(value, int) and not isinstance(value, bool)
    )


def _parsed(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _joined(messages: Iterable[str]) -> str:
    """Return the messages in a row, but none that another one holds already."""
    said: list[str] = []
    for message in messages:
        if message and not any(message in other for other in said):
            said.append(message)
    return _clipped(": ".join(said[:2]) if len(said) <= 2 else "; ".join(said))  # noqa: PLR2004


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(_text_of(one) for one in value[:10])
    return "" if value is None or isinstance(value, (dict, bool)) else str(value)


def _clipped(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
