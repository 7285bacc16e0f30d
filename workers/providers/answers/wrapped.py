"""Answers with something around them: a list, a text, a member of their own, words. Pure.

Proxies do this, and small servers. An answer that has been paid for is not thrown away for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse, whole_characters

#: The members that hold whole answers.
_HOLDERS: Final = ("data", "result", "response", "body", "output", "payload")
#: How many things may be around one another.
_DEEPEST: Final = 4
#: How long an answer may be to be mended (bytes): that takes up to eleven times as much memory.
MOST_MENDED: Final = 8 * 1024 * 1024
#: How much may stand before a document (bytes): `)]}',` and the like keep browsers from running it.
LONGEST_GUARD: Final = 64


def opened(body: bytes, is_answer: Callable[[dict[str, Any]], bool]) -> bytes | None:
    """Return the answer within the document, as JSON; None when there is none, or it is one."""
    try:
        found: object = parse(body)
    except ValueError as exc:
        found = _mended(body, exc) if len(body) <= MOST_MENDED else None
    else:
        if isinstance(found, dict) and is_answer(found):
            return None
    for _ in range(_DEEPEST):
        if isinstance(found, dict) and is_answer(found):
            return to_json_bytes(found)
        found = _inside(found)
    return None


def _inside(value: object) -> object:
    """Return what the value holds; None when it holds nothing that may be an answer."""
    if isinstance(value, str):
        try:
            return parse(value.encode())
        except ValueError:
            return None
    if isinstance(value, list):
        return value[0] if len(value) == 1 else None
    if isinstance(value, dict):
        held = (value.get(name) for name in _HOLDERS)
        return next((one for one in held if isinstance(one, dict | list | str) and one), None)
    return None


def _mended(body: bytes, exc: ValueError) -> object:
    """Return the value of a document that has pieces of characters, or words around it."""
    if isinstance(exc, UnicodeDecodeError):
        body = whole_characters(body)
        with suppress(ValueError):
            return parse(body)
    return _among_words(body)


def _among_words(body: bytes) -> object:
    """Return the value of the one document among what is none; None when there is none.

    Of documents behind one another each tells more, unless it is the same one again.
    """
    begin = body.find(b"{", 0, LONGEST_GUARD)
    if begin < 0:
        return None
    try:
        return parse(body[begin:])
    except json.JSONDecodeError as exc:
        document, rest = exc.doc[: exc.pos].strip(), exc.doc[exc.pos :].strip()
    except ValueError:
        return None
    if rest.startswith(("{", "[")) and rest != document:
        return None
    try:
        return parse(document.encode())
    except ValueError:
        return None
