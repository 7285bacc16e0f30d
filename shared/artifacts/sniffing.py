"""Finds out what a file is by its first bytes; what its sender says counts where they say nothing.

What is a text, and what of it a browser would run, is told here; the rest by `signatures`. Pure.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from shared.artifacts.signatures import signature

#: How many bytes are looked at.
HEAD_BYTES: Final = 4096

OCTETS: Final = "application/octet-stream"
TEXT: Final = "text/plain"

#: What a film is if its sender says that it is a sound: its container does not tell.
_SOUND_ALONE: Final = {
    "video/mp4": "audio/mp4",
    "video/webm": "audio/webm",
    "video/x-matroska": "audio/x-matroska",
    "video/3gpp": "audio/3gpp",
    "video/3gpp2": "audio/3gpp2",
}
#: UTF-16, by the byte order mark that it begins with.
_WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

#: What may stand before the root of an XML file, each of it taken in one way alone: a file of many
#: comments would else be tried in each way to part them.
_is_markup = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->|<!doctype\s+(?:[\w.-]+:)?svg\b[^>\[]*(?:\[.*?\]\s*)?>)*+"
    rb"<(?:[\w.-]+:)?svg\b",
    re.DOTALL | re.IGNORECASE,
)
_is_html = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p|img"
    rb"|svg|object|embed|link|meta|form|input)\b",
    re.IGNORECASE,
)
_has_controls = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]").search
#: What a sender may call text, and bytes that have no signature.
_TEXT_TYPES: Final = re.compile(
    r"text/(?!html)[a-z0-9.+-]+|application/(?:json|jsonl|x-ndjson|x-subrip)"
)
_PLAIN_TYPES: Final = re.compile(r"audio/(?:pcm|l16|basic|aac|opus)|application/[a-z0-9.-]+")


def media_type_of(head: bytes, said: str | None = None, name: str = "") -> str:
    """Return a file's media type by its first bytes, what its sender says, and its name.

    What is recognised is so whatever is said of it; a picture that is none is no picture.
    """
    plain = _in_utf8(head)
    claim = (said or "").split(";")[0].strip().lower()
    # What marks a text as UTF-16 might begin a frame of MP3 as well.
    found = (signature(head) if plain is head else None) or _markup(plain)
    if found:
        return _SOUND_ALONE.get(found, found) if claim.startswith("audio/") else found
    if _is_text(plain):
        if name.lower().endswith(".jsonl"):
            return "application/jsonl"
        return claim if _TEXT_TYPES.fullmatch(claim) else TEXT
    return claim if _PLAIN_TYPES.fullmatch(claim) else OCTETS


def _in_utf8(head: bytes) -> bytes:
    """Return a text in UTF-16 as UTF-8, so that it is looked at as others are; else what it is."""
    coding = _WIDE.get(head[:2])
    if coding is None:
        return head
    whole = len(head) // 2 * 2
    # The last character may not be whole.
    for end in (whole, whole - 2):
        with suppress(UnicodeDecodeError):
            text = head[2:end].decode(coding).encode()
            return text if _is_text(text) else head
    return head


def _markup(head: bytes) -> str | None:
    """Tell what a browser would run scripts of."""
    if _is_markup.match(head):
        return "image/svg+xml"
    return (
        "text/html"
        if _is_text(head) and _is_html.match(head.lstrip(b"\xef\xbb\xbf \t\r\n\f"))
        else None
    )


def _is_text(head: bytes) -> bool:
    if _has_controls(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        # The last character may not be whole.
        return exc.reason == "unexpected end of data" and len(head) >= HEAD_BYTES - 3
    return True
