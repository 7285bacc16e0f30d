"""What the value of a setting must be, in words: for the one line about a wrong one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

#: The most that JSON, Lua and an SQL integer hold exactly.
MOST: Final = 2**53 - 1
#: Thirty years: what lasts longer is a slip of the pen, and overflows clocks and databases.
LONGEST_S: Final = 1e9


@dataclass(frozen=True, slots=True)
class Form:
    """What a text with a pattern must be, in words: `must be …`."""

    words: str


def form_of(field: FieldInfo) -> str:
    """Return what a value must be, such as `must be a whole number from 1 to 65535`."""
    kind, bounds = _unwrapped(field)
    if get_origin(kind) is Literal:
        return f"must be one of {', '.join(map(str, get_args(kind)))}"
    if described := next((one for one in bounds if isinstance(one, Form)), None):
        return f"must be {described.words}"
    words = {bool: "true or false", int: "a whole number", float: "a number"}
    return f"must be {words.get(kind, 'text in UTF-8')}{_within(bounds)}"


def is_text(field: FieldInfo) -> bool:
    """Whether a value is any text: no number, not yes or no, not one of a few words."""
    kind, _ = _unwrapped(field)
    return get_origin(kind) is not Literal and kind not in (bool, int, float)


def is_quoted(text: str) -> bool:
    """Whether the text is in quotes that whoever read it for us has left around it."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"


def default_of(field: FieldInfo) -> str:
    """Return what holds without the variable, in words."""
    default = field.default
    if isinstance(default, bool):
        return str(default).lower()
    if default is None or default == "":
        return "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _unwrapped(field: FieldInfo) -> tuple[Any, list[Any]]:
    """Return the type without None, and what bounds it, wherever that is written."""
    kind, bounds = field.annotation, list(field.metadata)
    while True:
        inner = [one for one in get_args(kind) if one is not NoneType]
        if get_origin(kind) is Annotated:
            kind, more = inner[0], inner[1:]
            bounds += [b for m in more for b in (m.metadata if isinstance(m, FieldInfo) else [m])]
        elif get_origin(kind) is not Literal and NoneType in get_args(kind):
            kind = inner[0]
        else:
            return kind, bounds


def _within(bounds: list[Any]) -> str:
    said = list(_said(bounds))
    return f", {' and '.join(said)}" if said else ""


def _said(bounds: list[Any]) -> Iterator[str]:
    for bound in bounds:
        match bound:
            case Ge(ge=least):
                yield f"at least {least:.15g}"
            case Gt(gt=below):
                yield f"above {below:.15g}"
            case Le(le=most):
                yield f"at most {most:.16g}"
            case Lt(lt=above):
                yield f"below {above:.15g}"
            case _:
                pass
