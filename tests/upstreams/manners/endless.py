"""Hostile ones: answers that never end, or are larger than they look."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

from tests.upstreams import good, kinds, wire
from tests.upstreams.manner import Completed, Failed, manner
from tests.upstreams.server import Asked, Reply

TOO_LARGE = Failed("larger than", 502, "answer_too_large", elsewhere=False)
TOO_LATE = Failed("did not answer within", 504, "provider_timeout")
_MEGABYTE = 1024 * 1024
_ONE_BY_ONE = "bytes one by one without end"
_INTERIM = "interim responses, headers or trailers without end"
_LARGE = "an answer, or events and comments, without end; a few bytes of gzip that are a gigabyte"
_VALUES = "more than a million objects and lists"
_EVENTS = "thousands of small events at once"
TITLES = (_ONE_BY_ONE, _INTERIM, _LARGE, _VALUES, _EVENTS)
#: Both ways to ask.
_BOTH = (kinds.CHAT, kinds.CHAT_STREAM)
_EVERY = (*_BOTH, kinds.CLAUDE_STREAM, kinds.GENERATION_STREAM, kinds.RESPONSE_STREAM)


def endless(head: bytes, piece: bytes) -> Reply:
    """Return what sends the head once and the piece for ever."""

    def reply(_asked: Asked) -> Iterator[bytes]:
        yield head
        while True:
            yield piece

    return reply


_CHUNKED = wire.head(wire.SSE, transfer_encoding="chunked")
#: A few MB/s at most in one-byte chunks: the time limit comes before the size limit.
manner(
    _ONE_BY_ONE,
    "one byte chunks",
    endless(_CHUNKED, b"1\r\n \r\n" * 1000),
    TOO_LATE,
    kinds=_EVERY,
)
for name, sent, ends in (
    ("100", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, Failed("could not be reached", 502)),
    ("103", b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" * 1000, Failed("could not be", 502)),
):
    manner(
        _INTERIM,
        f"endless interim {name}",
        endless(b"", sent),
        ends,
        kinds=_BOTH,
    )
manner(
    _INTERIM,
    "endless headers",
    endless(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n" * 1000),
    Failed("could not be reached", 502),
    kinds=_BOTH,
)
manner(
    _INTERIM,
    "endless header",
    endless(b"HTTP/1.1 200 OK\r\nx-more: ", b"x" * 65_536),
    Failed("could not be reached", 502),
    kinds=_BOTH,
)
manner(
    _INTERIM,
    "endless trailers",
    endless(
        _CHUNKED + b"".join(wire.chunked(good.pieces(kinds.CHAT_STREAM))).removesuffix(b"\r\n"),
        b"x-more: 1\r\n" * 1000,
    ),
    Completed(finish="stop"),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
for name, head, piece in (
    ("comments", wire.SSE, b": ping\n\n" * 10_000),
    ("blank lines", wire.SSE, b"\n" * 100_000),
    ("data lines", wire.SSE, b"data: x\n" * 10_000),
    ("one line", wire.SSE, b"data: " + b"x" * 100_000),
    ("json list", wire.JSON, b"0," * 50_000),
    ("spaces", wire.JSON, b" " * 100_000),
):
    begun = b'{"choices":[' if head == wire.JSON and name != "spaces" else b""
    manner(
        _LARGE,
        f"endless {name}",
        endless(wire.head(head) + begun, piece),
        TOO_LARGE,
        kinds=_BOTH,
    )


def bomb() -> bytes:
    """Return a megabyte of gzip that is a gigabyte of spaces; it lacks its end, which nobody sees.

    A block that was flushed means the same wherever it stands: it is made once.
    """
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    begun = packer.compress(b" " * _MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * _MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return begun + block * 1023


def _bomb(asked: Asked) -> Iterator[bytes]:
    kind = wire.SSE if b'"stream": true' in asked.body else wire.JSON
    yield wire.head(kind, content_encoding="gzip") + bomb()


manner(
    _LARGE,
    "gzip bomb",
    _bomb,
    TOO_LARGE,
    kinds=_EVERY,
)


def _bomb_of_values(_asked: Asked) -> Iterator[bytes]:
    body = b'{"choices":[' + b"{}," * 1_200_000 + b"{}]}"
    yield wire.head(wire.JSON, content_encoding="gzip") + gzip.compress(body, 1)


manner(
    _VALUES,
    "many values",
    _bomb_of_values,
    Failed("too many values", 502, "answer_too_large", elsewhere=False),
)


def _many_events(_asked: Asked) -> Iterator[bytes]:
    yield wire.head(wire.SSE) + wire.event(good.CHUNKS[0])
    yield wire.event(good.chunk({"content": "x"})) * 20_000
    yield wire.event(good.CHUNKS[3]) + wire.DONE


manner(
    _EVENTS,
    "many events",
    _many_events,
    Completed("x" * 20_000, "stop"),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
