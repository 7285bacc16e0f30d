"""How TypeScript and JavaScript call types, and what an answer is made of before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from codegen import model as words
from codegen.model import TypeRef

SCALARS: Final[Mapping[str, str]] = {
    words.STRING: "string",
    words.INT: "number",
    words.LONG: "number",
    words.DOUBLE: "number",
    words.BOOLEAN: "boolean",
    words.DATE: "string",
    words.DURATION: "string",
    words.BYTES: "string",
    words.OBJECT: "any",
}
#: The interfaces that say how a request is sent.
MARKERS: Final = ("IGet", "IPost", "IPut", "IDelete", "IPatch")


def new(ref: TypeRef | None, written: str) -> str:
    """Return the expression that makes an empty answer; `written` is its type's name."""
    if ref is None:
        return "{}"
    if ref.name == words.LIST:
        return "[]"
    if (found := SCALARS.get(ref.name)) is not None:
        return {"string": "''", "number": "0", "boolean": "false"}.get(found, "{}")
    return f"new {written}()"


def marker(verb: str) -> str:
    """Return the interface of requests that are sent with this verb."""
    return f"I{verb.capitalize()}"


def text(value: str | int) -> str:
    """Return a value as a literal."""
    return str(value) if isinstance(value, int) else f"'{value}'"
