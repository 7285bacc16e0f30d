"""Lossless JSON text: strict parsing, and edits that leave every other byte as it was."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from itertools import zip_longest
from json import decoder
from typing import NamedTuple, NoReturn, TypeVar

from shared.codecs import json_places

#: Levels of nesting. Far above any real request, and far enough below Python's recursion limit that
#: a document which was read once can be read and written again from any depth of the stack.
MAX_DEPTH = 128

_BOM = b"\xef\xbb\xbf"
_SPACE = r"[ \t\n\r]*"
_match_sign = {
    sign: re.compile(rf"{_SPACE}{re.escape(sign)}{_SPACE}").match
    for sign in ("{", "}", "[", "]", ":", ",")
}


class RepeatedNames(dict[str, object]):
    """An object in which at least one name occurs more than once; as a dict, the last one wins."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def repeated(self) -> str:
        """Return the first name that occurs more than once."""
        times = Counter(name for name, _ in self.pairs)
        return next(name for name, count in times.items() if count > 1)


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


_Item = TypeVar("_Item", Member, Element)


class _ConstantFoundError(ValueError):
    """NaN and Infinity, which Python reads and JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantFoundError(name)


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else RepeatedNames(pairs)


_decode: Callable[[str], object] = json.JSONDecoder(
    object_pairs_hook=_build_object, parse_constant=_refuse_constant
).decode
# The standard library's C scanner and string reader; its type stubs leave them out.
_scan_value: Callable[[str, int], tuple[object, int]] = json.JSONDecoder(
    parse_constant=_refuse_constant
).scan_once  # type: ignore[attr-defined]
_scan_whole: Callable[[str, int], tuple[object, int]] = json.JSONDecoder(
    object_pairs_hook=_build_object, parse_constant=_refuse_constant
).scan_once  # type: ignore[attr-defined]
_scan_string: Callable[[str, int], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]


def parse_document(raw: bytes) -> tuple[str, object]:
    """Return the text of a UTF-8 JSON document and its value; see RFC 8259.

    An object with a repeated name comes as `RepeatedNames`. Raises MalformedJson, with the place.
    """
    text = decode_utf8(raw)
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        why = error.msg if text.strip(" \t\n\r") else "it is empty"
        raise json_places.malformed(text, error.pos, why) from error
    except RecursionError as error:
        raise json_places.too_deep(text, MAX_DEPTH) from error
    except _ConstantFoundError as error:
        raise json_places.constant(text) from error
    except ValueError as error:
        raise json_places.too_many_digits(text) from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(value):
        raise json_places.too_deep(text, MAX_DEPTH)
    return text, value


def parse_array(raw: bytes, most: int) -> tuple[str, list[Element]]:
    """Return the text of a UTF-8 JSON document that is an array, and its first `most` elements.

    They are read as `parse_document` reads. Raises MalformedJson, with the place; what stands
    behind that many elements is not looked at.
    """
    text = decode_utf8(raw)
    end, found = _past(text, 0, "["), list[Element]()
    if not text.startswith("]", end):
        found.append(_whole_element(text, end))
        while len(found) < most and (comma := _match_sign[","](text, found[-1].end)):
            found.append(_whole_element(text, comma.end()))
        end = found[-1].end
    if len(found) < most and (end := _past(text, end, "]")) < len(text):
        raise json_places.malformed(text, end, "Extra data")
    return text, found


def members(text: str, start: int = 0) -> list[Member]:
    """Return the members of the object that begins at `start`, in their order, repeated ones too.

    Raises MalformedJson when there is no valid object at that place.
    """
    return _items(text, start, "{", "}", _member)


def elements(text: str, start: int = 0) -> list[Element]:
    """Return the elements of the array that begins at `start`.

    Raises MalformedJson when there is no valid array at that place.
    """
    return _items(text, start, "[", "]", _element)


def removals(of: list[Member], names: Collection[str]) -> list[Edit]:
    """Return the edits that take the members of those names out, each with one comma."""
    edits: list[Edit] = []
    kept_end: int | None = None
    previous_end = 0
    for member, following in zip_longest(of, of[1:]):
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


def decode_utf8(raw: bytes) -> str:
    """Return the text of a document. Raises MalformedJson."""
    if raw.startswith(_BOM):
        raise json_places.malformed(
            "", 0, "it begins with a byte order mark; send plain UTF-8 without one"
        )
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        raise json_places.malformed(before, len(before), "it is not UTF-8") from error


def _items(
    text: str, start: int, opening: str, closing: str, read: Callable[[str, int], _Item]
) -> list[_Item]:
    at = _past(text, start, opening)
    if text.startswith(closing, at):
        return []
    found = [read(text, at)]
    match_comma = _match_sign[","]
    while comma := match_comma(text, found[-1].end):
        found.append(read(text, comma.end()))
    _past(text, found[-1].end, closing)
    return found


def _member(text: str, start: int) -> Member:
    name, name_end = _string(text, start)
    value_start = _past(text, name_end, ":")
    value, end = _value(text, value_start)
    return Member(name, value, start, name_end, value_start, end)


def _element(text: str, start: int) -> Element:
    value, end = _value(text, start)
    return Element(value, start, end)


def _whole_element(text: str, start: int) -> Element:
    """Return an element in which repeated names are told and which is not too deep."""
    value, end = _value(text, start, _scan_whole)
    brackets = text.count("[", start, end) + text.count("{", start, end)
    if brackets > MAX_DEPTH and _is_too_deep(value):
        raise json_places.too_deep(text[:end], MAX_DEPTH)
    return Element(value, start, end)


def _past(text: str, at: int, sign: str) -> int:
    """Return the place after the sign at `at` and after the white space on both of its sides."""
    found = _match_sign[sign](text, at)
    if found is None:
        raise json_places.malformed(text, at, f"Expecting '{sign}'")
    return found.end()


def _string(text: str, at: int) -> tuple[str, int]:
    if not text.startswith('"', at):
        raise json_places.malformed(text, at, "Expecting a name in double quotes")
    try:
        return _scan_string(text, at + 1)
    except json.JSONDecodeError as error:
        raise json_places.malformed(text, error.pos, error.msg) from error


def _value(
    text: str, at: int, scan: Callable[[str, int], tuple[object, int]] = _scan_value
) -> tuple[object, int]:
    try:
        return scan(text, at)
    except StopIteration as error:
        raise json_places.malformed(text, error.value, "Expecting value") from error
    except json.JSONDecodeError as error:
        raise json_places.malformed(text, error.pos, error.msg) from error
    except (RecursionError, ValueError) as error:
        raise json_places.malformed(text, at, "this value cannot be read") from error


def _is_too_deep(value: object) -> bool:
    level = _containers([value])
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _containers(_children(parent))]
        if not level:
            return False
    return True


def _containers(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [value for value in values if isinstance(value, dict | list)]


def _children(parent: dict[str, object] | list[object]) -> Iterable[object]:
    """Return what stands in an object or array; of a repeated name, each value."""
    if isinstance(parent, RepeatedNames):
        return [value for _, value in parent.pairs]
    return parent.values() if isinstance(parent, dict) else parent
