"""Finds out what a file is by its first bytes; what its sender says counts where they say nothing.

The signatures are those of the WHATWG's MIME Sniffing standard (https://mimesniff.spec.whatwg.org)
and of the containers' own specifications. Pure.
"""

from __future__ import annotations

import re
from typing import Final

#: How many bytes are looked at.
HEAD_BYTES: Final = 4096

OCTETS: Final = "application/octet-stream"
TEXT: Final = "text/plain"

#: Types by what stands at the very beginning.
_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n", "image/jp2"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
#: Types of a RIFF by its form.
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
#: Types of ISO media files by their brand; the others are videos.
_BRANDS: Final = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"mif1": "image/heic",
}
#: The object of an ASF file that says that there is a video in it.
_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")

_is_markup = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!doctype\s+svg[^>]*>\s*)*<svg\b",
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
    found = _signature(head) or _markup(head)
    if found:
        return found
    claim = (said or "").split(";")[0].strip().lower()
    if _is_text(head):
        if name.lower().endswith(".jsonl"):
            return "application/jsonl"
        return claim if _TEXT_TYPES.fullmatch(claim) else TEXT
    return claim if _PLAIN_TYPES.fullmatch(claim) else OCTETS


def _signature(head: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:4] in (b"RIFF", b"RF64"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return _container(head) or _sound_frame(head) or _bitmap(head)


def _container(head: bytes) -> str | None:
    if head.startswith(b"OggS"):
        if b"\x80theora" in head:
            return "video/ogg"
        return "audio/ogg"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(_ASF):
        return "video/x-ms-wmv" if _ASF_VIDEO in head else "audio/x-ms-wma"
    return None


def _sound_frame(head: bytes) -> str | None:
    """Tell a frame of MPEG audio or AAC: ISO 11172-3, 2.4.1.3 and ISO 13818-7, 6.2."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    if head[1] & 0xF6 == 0xF0:  # noqa: PLR2004
        return "audio/aac"
    is_layer = head[1] & 0x06 and head[1] & 0x18 != 0x08  # noqa: PLR2004
    is_rate = head[2] & 0xF0 not in (0xF0, 0x00) and head[2] & 0x0C != 0x0C  # noqa: PLR2004
    return "audio/mpeg" if is_layer and is_rate else None


def _bitmap(head: bytes) -> str | None:
    """Tell a Windows bitmap: two letters alone might begin a text."""
    is_one = head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00" and len(head) > 18  # noqa: PLR2004
    return "image/bmp" if is_one else None


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
