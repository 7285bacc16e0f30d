"""The body of an answer: decompressed, in pieces as they come, and of a limited size."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError

from shared.codecs.json_size import has_more_values
from shared.egress.answer_head import end_when
from shared.errors import Failure
from shared.turns import share
from workers.heavy import away
from workers.providers.answers.characters import in_utf8, may_be_wide
from workers.providers.answers.completeness import Completeness
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http_errors import unreachable

#: Most bytes taken at once: what is read of them takes some milliseconds, also of blank lines only.
READ_BYTES: Final = 16_384
#: The same of an answer of which nothing is read until it is whole.
_WHOLE_READ_BYTES: Final = 131_072
#: The codings that we ask for, and their names of old (RFC 9110, 8.4.1).
_CODINGS: Final = frozenset(("", "identity", "gzip", "x-gzip", "deflate"))
#: What some write there and is no coding: the charset, the kind of the body, that there is none.
_NO_CODINGS: Final = frozenset(
    (
        *("none", "null", "no", "off", "false", "plain", "text", "raw", "binary", "7bit", "8bit"),
        *("utf-8", "utf8", "utf-16", "ascii", "us-ascii", "iso-8859-1", "latin1", "windows-1252"),
        *("chunked", "aws-chunked", "json", "application/json", "text/event-stream", "*"),
    )
)
_QUOTES: Final = " \t\"'"
#: Bytes that no text has.
_NO_TEXT: Final = bytes({*range(32), 127} - {*b"\t\n\r"})
_GZIPS: Final = frozenset(("gzip", "x-gzip"))
_GZIP_BEGINS: Final = b"\x1f\x8b"
_GZIP_BITS: Final = zlib.MAX_WBITS | 16
#: Bytes at the beginning of a body that tell how it is compressed.
_LOOKED_AT: Final = 64
_SHOWN_CODING: Final = 40
#: From so many bytes on an answer's values are counted: each takes some ten to hundred bytes of
#: memory once it is parsed, and some ten nanoseconds, in which a reader may give way to nobody.
_COUNTED_BYTES: Final = 1024 * 1024
_MOST_CONTAINERS: Final = 1_000_000
_MOST_VALUES: Final = 4_000_000


def pieces(
    call: ProviderCall, response: requests.Response, at_once: int = READ_BYTES
) -> Iterator[bytes]:
    """Yield the body as it comes, decompressed. Raises ProviderError and what urllib3 raises."""
    raw = response.raw
    _look_at_coding(call, response)
    taken = 0
    mine = share()
    # What has come is passed on at once: `read1` waits for no more than is there.
    while data := raw.read1(at_once, decode_content=True):
        taken += len(data)
        if taken > call.answer_max_bytes:
            raise too_large(call)
        yield data
        # Thousands of one byte each are in what was read at once, and a gigabyte in what was read
        # of something compressed.
        mine.give_way()


def whole(call: ProviderCall, response: requests.Response) -> bytes:
    """Return the whole body, a text. Raises ProviderError and what urllib3 raises."""
    body = _readable(response, gathered(call, response))
    refuse_many_values(call, body)
    return body


def gathered(call: ProviderCall, response: requests.Response) -> bytes:
    """Return the whole body, of however many values it is; raises as `whole`."""
    # requests has no other way to tell that a body has been read already.
    if isinstance(response._content, bytes):  # noqa: SLF001
        return response.content
    # Little of what is compressed may be much.
    at_once = READ_BYTES if response.headers.get("Content-Encoding") else _WHOLE_READ_BYTES
    return _gathered(call, response, pieces(call, response, at_once))


def collected(call: ProviderCall, response: requests.Response, read: Iterable[bytes]) -> bytes:
    """Return the whole body of these pieces; raises as `whole`."""
    body = _readable(response, _gathered(call, response, read))
    refuse_many_values(call, body)
    return body


def _readable(response: requests.Response, body: bytes) -> bytes:
    """Return a text in UTF-8; nearly all are."""
    if body.isascii() and not may_be_wide(body):
        return body
    return in_utf8(body, response.headers.get("Content-Type", ""))


def refuse_many_values(call: ProviderCall, text: bytes) -> None:
    """Raise ProviderError for a document of more values than anybody is to read."""
    if len(text) > _COUNTED_BYTES and away(len(text), lambda: has_more_values(text, _MOST_VALUES)):
        raise too_large(call)


def _gathered(call: ProviderCall, response: requests.Response, read: Iterable[bytes]) -> bytes:
    """Return the whole body of these pieces, refused as soon as it is too much.

    One that is whole ends there: its connection may be kept open, or break off. Raises as `whole`.
    """
    body, containers = io.BytesIO(), 0
    complete = Completeness(body.getvalue)
    end_when(response.raw, complete)
    try:
        for piece in read:
            body.write(piece)
            containers += _containers_in(piece)
            if containers > _MOST_CONTAINERS:
                raise too_large(call)
    except HTTPError:
        # A length that was told and not kept is another matter.
        if response.raw.length_remaining or not complete():
            raise
    return body.getvalue()


def _containers_in(piece: bytes) -> int:
    """Count where objects and arrays begin. In base64 none does: that is seen much sooner."""
    objects = piece.count(b"{") if b"{" in piece else 0
    return objects + (piece.count(b"[") if b"[" in piece else 0)


def too_large(call: ProviderCall) -> ProviderError:
    """Return the error of an answer that is too large: another one would be so as well."""
    message = (
        f"Provider '{call.provider.name}' gave an answer that is larger than "
        f"{call.answer_max_bytes} bytes, or of too many values."
    )
    return ProviderError(
        Failure(502, "server_error", "answer_too_large", message, "BadGateway"),
        transient=False,
        status=502,
    )


def beginning_of(raw: Any) -> bytes:
    """Return the first bytes, which stay there; waits for them. Raises what urllib3 raises."""
    # urllib3 has no peek of its own.
    with raw._error_catcher():  # noqa: SLF001
        return bytes(raw._fp.peek(_LOOKED_AT))  # noqa: SLF001


def _look_at_coding(call: ProviderCall, response: requests.Response) -> None:
    """Refuse a coding that nobody asked for; take the body for what it is if it has none."""
    told = response.headers.get("Content-Encoding")
    if not told:
        return
    codings = [coding.strip(_QUOTES).lower() for coding in told.split(",")]
    codings = [coding for coding in codings if coding not in _NO_CODINGS]
    if not _CODINGS.issuperset(codings):
        if not _is_text(beginning_of(response.raw)):
            shown = "".join(filter(str.isprintable, told))[:_SHOWN_CODING]
            raise unreachable(call, f"compressed its answer as '{shown}', unasked", 502)
        codings = []
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if codings and _GZIPS.issuperset(codings):
        # A proxy may have decompressed it and left the header, or have said it once more.
        codings = codings[: _gzips_in(beginning_of(response.raw), len(codings))]
    headers = response.raw.headers
    # urllib3 takes each name that it does not know for deflate, also that of no coding.
    headers["content-encoding"] = ", ".join(codings)
    if not codings:
        del headers["content-encoding"]


def _is_text(beginning: bytes) -> bool:
    """Whether this is what words begin with: nothing that was compressed is for long."""
    # A character may be cut where the beginning ends.
    is_utf8 = "\ufffd" not in beginning.decode("utf-8", "replace")[:-1]
    return is_utf8 and beginning.translate(None, _NO_TEXT) == beginning


def _gzips_in(beginning: bytes, most: int) -> int:
    """Return how often this was compressed, as far as it shows: once if it may be so."""
    if not _GZIP_BEGINS.startswith(beginning[: len(_GZIP_BEGINS)]):
        return 0
    if most == 1:
        return 1
    try:
        inside = zlib.decompressobj(_GZIP_BITS).decompress(beginning, _LOOKED_AT)
    except zlib.error:
        return 1
    return 1 + (_gzips_in(inside, most - 1) if inside else 0)
