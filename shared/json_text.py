"""Lossless JSON text: strict parsing, and edits that leave every byte they do not name as it was."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from json.decoder import scanstring
from typing import NamedTuple, NoReturn

from shared.errors import MalformedJson

#: Levels of nesting. Far above any real request, and far enough below Python's recursion limit that
#: a document which was read once can be read and written again from any depth of the stack.
MAX_DEPTH = 128

_BOM = b"\xef\xbb\xbf"
_skip_space = re.compile(r"[ \t\n\r]*").match
_next_bracket_or_number = re.compile(
    r'["\[\]{}]|-?(?:NaN|Infinity)|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'
).search


class RepeatedNames(dict[str, object]):
    """An object in which at least one name occurs more than once; as a dict, the last one wins."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def repeated(self) -> str:
        """Return the first name that occurs again."""
        seen: set[str] = set()
        return next(name for name, _ in self.pairs if name in seen or seen.add(name))


class Member(NamedTuple):
    """One `"name": value` of an object, by its places in the text.

    `start` to `name_end` is the name with its quotes, `value_start` to `end` the value.
    """

    name: str
    value: object
    start: int
    name_end: int
    value_start: int
    end: int


class Element(NamedTuple):
    """One value of an array, by its place in the text."""

    value: object
    start: int
    end: int


class Edit(NamedTuple):
    """Put `replacement` in the place of the text from `start` to `end`."""

    start: int
    end: int
    replacement: str


class _ConstantRefused(ValueError):
    """NaN and Infinity, which Python reads and JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantRefused(name)


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else RepeatedNames(pairs)


_decode: Callable[[str], object] = json.JSONDecoder(
    object_pairs_hook=_build_object, parse_constant=_refuse_constant
).decode
_scan_value: Callable[[str, int], tuple[object, int]] = json.JSONDecoder(
    parse_constant=_refuse_constant
).scan_once


def parse_document(raw: bytes) -> tuple[str, object]:
    """Return the text of a UTF-8 JSON document and its value; see RFC 8259.

    An object with a repeated name comes as `RepeatedNames`. Raises MalformedJson, with the place.
    """
    text = _decode_utf8(raw)
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        why = error.msg if text.strip(" \t\n\r") else "it is empty"
        raise _malformed(text, error.pos, why) from error
    except RecursionError as error:
        raise _too_deep(text) from error
    except _ConstantRefused as error:
        place = _find(text, lambda token: token.endswith(("NaN", "Infinity")))
        raise _malformed(text, place, f"JSON has no {error}") from error
    except ValueError as error:
        raise _too_many_digits(text) from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(value):
        raise _too_deep(text)
    return text, value


def members(text: str, start: int = 0) -> list[Member]:
    """Return the members of the object that begins at `start`, in their order, repeated ones too.

    Raises MalformedJson when there is no valid object at that place.
    """
    found: list[Member] = []
    for at in _items(text, start, "{", "}", lambda: found[-1].end):
        name, name_end = _string(text, at)
        value_start = _past(text, _past(text, name_end, ":"))
        value, end = _value(text, value_start)
        found.append(Member(name, value, at, name_end, value_start, end))
    return found


def elements(text: str, start: int = 0) -> list[Element]:
    """Return the elements of the array that begins at `start`.

    Raises MalformedJson when there is no valid array at that place.
    """
    found: list[Element] = []
    for at in _items(text, start, "[", "]", lambda: found[-1].end):
        value, end = _value(text, at)
        found.append(Element(value, at, end))
    return found


def removals(of: list[Member], names: Collection[str]) -> list[Edit]:
    """Return the edits that take the members of those names out, each with one comma."""
    edits: list[Edit] = []
    kept_end: int | None = None
    previous_end = 0
    for member, following in zip(of, [*of[1:], None], strict=True):
        if member.name not in names:
            kept_end = member.end
        elif kept_end is not None:
            edits.append(Edit(previous_end, member.end, ""))
        else:
            edits.append(Edit(member.start, following.start if following else member.end, ""))
        previous_end = member.end
    return edits


def splice(text: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """Return the text from `start` to `end` with the edits made; edits must not overlap."""
    pieces: list[str] = []
    for edit in sorted(edits):
        pieces += (text[start : edit.start], edit.replacement)
        start = edit.end
    pieces.append(text[start:end])
    return "".join(pieces)


def _decode_utf8(raw: bytes) -> str:
    if raw.startswith(_BOM):
        raise _malformed("", 0, "it begins with a byte order mark; send plain UTF-8 without one")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        raise _malformed(before, len(before), "it is not UTF-8") from error


def _items(
    text: str, start: int, opening: str, closing: str, end: Callable[[], int]
) -> Iterator[int]:
    """Yield where each item begins; `end` tells where the item yielded last has ended."""
    at = _past(text, _past(text, start, opening))
    if text[at : at + 1] == closing:
        return
    while True:
        yield at
        at = _past(text, end())
        if text[at : at + 1] == closing:
            return
        at = _past(text, _past(text, at, ","))


def _past(text: str, at: int, expected: str = "") -> int:
    """Return the place after any white space at `at`, and after the `expected` character there."""
    found = _skip_space(text, at)
    at = found.end() if found else at
    if not text.startswith(expected, at):
        raise _malformed(text, at, f"Expecting '{expected}'")
    return at + len(expected)


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        return scanstring(text, _past(text, at, '"'), True)  # noqa: FBT003 - a C function
    except json.JSONDecodeError as error:
        raise _malformed(text, error.pos, error.msg) from error


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        return _scan_value(text, at)
    except StopIteration as error:
        raise _malformed(text, error.value, "Expecting value") from error
    except json.JSONDecodeError as error:
        raise _malformed(text, error.pos, error.msg) from error
    except (RecursionError, ValueError) as error:
        raise _malformed(text, at, "this value cannot be read") from error


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(parent: object) -> Iterable[object]:
    """Return what stands in an object or array; of a repeated name, each value."""
    if isinstance(parent, RepeatedNames):
        return [value for _, value in parent.pairs]
    if isinstance(parent, dict):
        return parent.values()
    return parent if isinstance(parent, list) else ()


def _too_deep(text: str) -> MalformedJson:
    depth = 0

    def exceeds(token: str) -> bool:
        nonlocal depth
        depth += (token in "[{") - (token in "]}")
        return depth > MAX_DEPTH

    return _malformed(text, _find(text, exceeds), f"it is nested deeper than {MAX_DEPTH} levels")


def _too_many_digits(text: str) -> MalformedJson:
    limit = sys.get_int_max_str_digits()

    def exceeds(token: str) -> bool:
        digits = token.removeprefix("-")
        return len(digits) > limit and digits.isdigit()

    return _malformed(text, _find(text, exceeds), f"an integer has more than {limit} digits")


def _find(text: str, wanted: Callable[[str], bool]) -> int:
    """Return the place of the first bracket, number or constant, outside strings, that is wanted.

    Only for the place in an error's message: the parser, at C speed, does not tell it.
    """
    at = 0
    while token := _next_bracket_or_number(text, at):
        if wanted(token[0]):
            return token.start()
        at = _string(text, token.start())[1] if token[0] == '"' else token.end()
    return at


def _malformed(text: str, at: int, why: str) -> MalformedJson:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return MalformedJson(f"The body is not valid JSON: {why} (line {line}, column {column}).")
