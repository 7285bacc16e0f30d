"""JSON as the standard has it (RFC 8259): Python's own reader takes NaN and Infinity, too. Pure."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from shared.codecs.slow_json import slow_decoder

#: A byte order mark in UTF-8, which JSON does not have.
BOM: Final = b"\xef\xbb\xbf"
#: Bytes that some put behind a document; and before it, or before each line of a stream.
_BEHIND: Final = b"\0 \t\r\n"
BEFORE: Final = BOM + _BEHIND


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decode: Final[Callable[[str], Any]] = json.JSONDecoder(parse_constant=_refuse).decode
_decode_at: Final = json.JSONDecoder(parse_constant=_refuse).raw_decode
# What may stand between documents; RFC 7464 has a mark of its own before each.
_skip_blanks: Final[Any] = re.compile("[ \t\r\n\x1e]*+").match


#: From here on a document is read so that other threads have their turns (bytes).
_LARGE_BYTES: Final = 1024 * 1024
#: A stretch of a document (bytes) in which so many escapes, some 700 µs of them, are in texts of
#: some length: there are few quotes.
_STRETCH_BYTES: Final = 131_072
_MANY_ESCAPES: Final = 4_000
_FEW_QUOTES: Final = 64


def _same(value: Any) -> Any:
    return value


def _integer(digits: str) -> int:
    return int(digits)


def _number(digits: str) -> float:
    return float(digits)


# The C scanner hands over to nobody until it is done, unless it calls code in Python.
_decode_in_turns: Final[Callable[[str], Any]] = json.JSONDecoder(
    parse_constant=_refuse,
    object_hook=_same,
    parse_int=_integer,
    parse_float=_number,
).decode
_decode_slowly: Final[Callable[[str], Any]] = slow_decoder(_refuse).decode


def parse(text: bytes) -> Any:
    """Return the value of a document in UTF-8. Raises ValueError for what is none.

    One that is nested too deep to be read is none either.
    """
    try:
        decode = _decode if len(text) <= _LARGE_BYTES else _decoder_for(text)
        return decode(text.decode("utf-8"))
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc


def documents(text: str) -> list[tuple[Any, str]]:
    """Return the documents that stand behind one another, each with how it is written.

    There are none in a text with anything else in it.
    """
    found: list[tuple[Any, str]] = []
    begin = _skip_blanks(text, 0).end()
    while begin < len(text):
        try:
            value, end = _decode_at(text, begin)
        except (ValueError, RecursionError):
            return []
        found.append((value, text[begin:end]))
        begin = _skip_blanks(text, end).end()
    return found


def _decoder_for(text: bytes) -> Callable[[str], Any]:
    stretches = range(0, len(text), _STRETCH_BYTES)
    is_slow = any(_is_text_of_escapes(text, begin) for begin in stretches)
    return _decode_slowly if is_slow else _decode_in_turns


def _is_text_of_escapes(text: bytes, begin: int) -> bool:
    end = begin + _STRETCH_BYTES
    if text.count(b"\\", begin, end) < _MANY_ESCAPES:
        return False
    return text.count(b'"', begin, end) - text.count(b'\\"', begin, end) < _FEW_QUOTES


def whole_characters(text: bytes) -> bytes:
    """Return the text with a mark for each piece of a character, which some servers cut."""
    return text.decode("utf-8", "replace").encode()


def without_bom(text: bytes) -> bytes:
    """Return the text without the byte order mark that it may begin with."""
    return text.removeprefix(BOM)


def bare(text: bytes) -> bytes:
    """Return a document without the marks and NULs that some servers put around it.

    What JSON allows there stays: an answer is handed on as it came.
    """
    rest = text.lstrip(BEFORE)
    if text[: len(text) - len(rest)].strip():
        text = rest
    return text.rstrip(_BEHIND) if text.endswith(b"\0") else text


def finite(value: Any) -> Any:
    """Return the value with each float that JSON cannot write as the largest that it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else math.copysign(sys.float_info.max, value)
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list) else value
