r"""Reads JSON that is mostly escapes (`\u4e00`), so that other threads have their turns.

Python's scanner in C hands over to nobody within a text, however long. This one is the library's
own scanner in Python, with texts read piece by piece: ten times slower, and never more than half a
millisecond at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from json import decoder, scanner
from types import FunctionType
from typing import Any, Final, NoReturn

#: Some thousand escapes and, between them, runs of plain characters, which are quicker. What is
#: wrong is left to the library, which says what it is.
_piece = re.compile(
    r'(?:[^"\\\x00-\x1f]{1,512}|\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])){1,1024}', re.ASCII
).match
_scan: Final[Any] = decoder.scanstring  # type: ignore[attr-defined]
_ESCAPE: Final = len(r"\u0000")
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)


def text_in_turns(text: str, begin: int, strict: bool = True) -> tuple[str, int]:  # noqa: FBT001, FBT002 - the library's call
    """Return the string that begins there, behind its quote, and the place behind its end.

    Raises JSONDecodeError as the library does.
    """
    parts = []
    while (found := _piece(text, begin)) is not None:
        part = found[0]
        value, _ = _scan(f'{part}"', 0, strict)
        # The other half of a character may be in the next piece.
        if ord(value[-1]) in _HIGH_SURROGATES and len(part) > _ESCAPE:
            value, part = value[:-1], part[:-_ESCAPE]
        parts.append(value)
        begin += len(part)
    last, end = _scan(text, begin, strict)
    return "".join([*parts, last]), end


def slow_decoder(refuse: Callable[[str], NoReturn]) -> json.JSONDecoder:
    """Return the decoder; `refuse` is called with names of numbers that JSON does not have."""
    made: Any = json.JSONDecoder(parse_constant=refuse)
    made.parse_string = text_in_turns
    made.parse_object = _object
    made.scan_once = scanner.py_make_scanner(made)  # type: ignore[attr-defined]
    return made  # type: ignore[no-any-return]


#: The library's, whose names are read in turns too.
_of_library: Final[Any] = decoder.JSONObject  # type: ignore[attr-defined]
_object: Final = FunctionType(
    _of_library.__code__,
    {**vars(decoder), "scanstring": text_in_turns},
    "_object",
    _of_library.__defaults__,
)
