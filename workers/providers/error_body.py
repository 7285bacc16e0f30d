"""Reads the body of an answer that is an error: bounded, whatever it is, and what it says."""

from __future__ import annotations

import json
import math
import re
import zlib
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

import gevent
import requests
from urllib3.exceptions import HTTPError

from shared.codecs.strict_json import without_bom
from shared.egress.answer_head import end_when
from workers.providers.answers.characters import in_utf8
from workers.providers.answers.completeness import Completeness
from workers.providers.told_errors import SILENT, Told, told_in

#: Most bytes of an error that are read, and the longest wait for them (seconds).
_MOST_BYTES: Final = 262_144
_LONGEST_S: Final = 5.0
_READ_BYTES: Final = 65_536
#: Longest text that is passed on when it is no JSON (characters).
_LONGEST_TEXT: Final = 500
#: In the place of JSON, which may be null.
_NO_JSON: Final = object()
_GZIP: Final = b"\x1f\x8b"

# Of XML too, which Amazon's and Azure's servers before an API write.
_begin_titles = re.compile(r"<(title|message)\b[^<>]*>", re.IGNORECASE).finditer
_TITLE_ENDS: Final = {
    name: re.compile(f"</{name}>", re.IGNORECASE).search for name in ("title", "message")
}
begins_a_page = re.compile(r"\s*(<!doctype|<html|<head|<\?xml|<error)", re.IGNORECASE).match
_sse_data = re.compile(r"^data: ?(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What the body said; `is_page` if it was written for people (HTML)."""

    told: Told = SILENT
    is_page: bool = False


def error_body(response: requests.Response) -> ErrorBody:
    """Read and understand the body of an error. Never raises."""
    text = _decoded(_bytes_of(response), response.headers.get("Content-Type", ""))
    value = _parsed(text)
    if value is not _NO_JSON:
        return ErrorBody(told_in(value))
    if begins_a_page(text):
        return ErrorBody(Told(_title_in(text)), is_page=True)
    return ErrorBody(Told(text.strip()[:_LONGEST_TEXT]))


def page_title(body: bytes) -> str:
    """Return the title of what was written for people, an empty text for anything else."""
    text = body[:_MOST_BYTES].decode("utf-8", "replace")
    return _title_in(text) if begins_a_page(text) else ""


def _title_in(page: str) -> str:
    """Return what the first title says that ends.

    In one pass: where one beginning has no end behind it, the next one has none either.
    """
    ends = dict(_TITLE_ENDS)
    for begin in _begin_titles(page):
        find_end = ends.pop(begin[1].lower(), None)
        if find_end and (end := find_end(page, begin.end())):
            words = page[begin.end() : end.start()]
            return unescape(" ".join(words.split()))[:_LONGEST_TEXT]
    return ""


def _parsed(text: str) -> Any:
    """Return the JSON that the text is, or that its first event carries; _NO_JSON for neither."""
    events = _sse_data.findall(text) if text.lstrip().startswith(("data:", "event:", ":")) else []
    for candidate in (text, *events):
        try:
            # What is no number in JSON must not be written down again.
            return json.loads(candidate, parse_constant=lambda _: None, parse_float=_number)
        except (ValueError, RecursionError):
            continue
    return _NO_JSON


def _number(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _decoded(body: bytes, kind: str) -> str:
    if body.startswith(_GZIP):
        # Compressed, and not told so.
        try:
            body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, _MOST_BYTES)
        except zlib.error:
            return ""
    return without_bom(in_utf8(body, kind)).decode("utf-8", "replace")


def _bytes_of(response: requests.Response) -> bytes:
    """Return the body as far as it comes within the limits; what has come counts."""
    # requests has no other way to tell that a body has been read already.
    if isinstance(response._content, bytes):  # noqa: SLF001
        return response.content[:_MOST_BYTES]
    body = bytearray()
    end_when(response.raw, Completeness(lambda: bytes(body)))
    try:
        with gevent.Timeout(_LONGEST_S, exception=False):
            while len(body) < _MOST_BYTES and (
                data := response.raw.read1(_READ_BYTES, decode_content=True)
            ):
                body += data
    except (HTTPError, OSError, ValueError, requests.RequestException):
        # It broke off, or is not compressed as it says.
        pass
    return bytes(body[:_MOST_BYTES])
