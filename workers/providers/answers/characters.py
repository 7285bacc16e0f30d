"""Answers in other characters than UTF-8, which all of them should have: as they are told, or show.

A name is a mere hint: what is UTF-8 stays as it is, whatever it is called.
"""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Final

#: So many bytes tell whether each character has two.
_LOOKED_AT: Final = 4
#: Where they are none, by which half comes first: documents and streams begin in plain letters.
_WIDE: Final[Mapping[tuple[bool, ...], str]] = {
    (True, False, True, False): "utf-16-le",
    (False, True, False, True): "utf-16-be",
}
#: Byte order marks, which begin as nothing else does.
_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKS_BEGIN: Final = (b"\xff", b"\xfe")


def may_differ(kind: str) -> bool:
    """Whether a media type names other characters. Quick: hardly any does."""
    return "charset" in kind and "utf-8" not in kind


def in_utf8(body: bytes, kind: str) -> bytes:
    """Return a text that says or shows what it is written in, in UTF-8; others as they are."""
    wide = wide_of(body)
    if wide is not None:
        return body.decode(wide, "replace").encode()
    coding = told_in(kind) if may_differ(kind.lower()) else None
    return body if coding is None else piece_in_utf8(body, coding)


def wide_of(beginning: bytes) -> str | None:
    """Return the name of characters of two bytes each, by which a text shows to begin."""
    if beginning[:2] in _MARKS:
        return "utf-16"
    return _WIDE.get(tuple(map(bool, beginning[:_LOOKED_AT])))


def may_be_wide(beginning: bytes) -> bool:
    """Whether more of a text may show such characters. Quick."""
    return beginning[:1] in _MARKS_BEGIN or b"\0" in beginning[:2]


def told_in(kind: str) -> str | None:
    """Return the name of the other characters in which a text is said to be; None if it is none.

    What has several bytes for each shows it: who is only called so is not.
    """
    head = Message()
    head["Content-Type"] = kind
    try:
        found = codecs.lookup(str(head.get_content_charset("utf-8")))
        b"".decode(found.name)
    except (LookupError, ValueError):
        return None
    return None if found.name.startswith("utf") else found.name


def piece_in_utf8(piece: bytes, coding: str) -> bytes:
    """Return a whole piece of a text in UTF-8, of the same kind of bytes."""
    if piece.isascii():
        return piece
    try:
        piece.decode()
    except UnicodeDecodeError:
        return type(piece)(piece.decode(coding, "replace").encode())
    return piece


def narrowed(read: Iterator[bytes]) -> Iterator[bytes]:
    """Give a text that may be of wide characters in UTF-8, as it comes; others as they are."""
    beginning = b""
    while len(beginning) < _LOOKED_AT and (data := next(read, b"")):
        beginning += data
    wide = wide_of(beginning)
    decoder = codecs.getincrementaldecoder(wide or "utf-8")("replace")
    for data in itertools.chain([beginning], read):
        if wide is None:
            yield data
        elif text := decoder.decode(data):
            yield text.encode()
