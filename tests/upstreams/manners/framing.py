"""How the body of an answer is framed, by servers and proxies that are not careful."""

from __future__ import annotations

from collections.abc import Callable

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Failed, Sent, by_kind, manner


def _framed(change: Callable[[bytes], bytes], coding: str = "chunked") -> Callable[[Kind], Sent]:
    """Return what makes a good answer in chunks, its framing changed."""

    @by_kind
    def make(kind: Kind) -> Sent:
        # Of forty bytes each, so that a size has two digits, of which one may get lost.
        body = b"".join(good.pieces(kind))
        pieces = [body[start : start + 40] for start in range(0, len(body), 40)]
        head = wire.head(good.media_type(kind), transfer_encoding=coding)
        return [head, *map(change, wire.chunked(pieces))]

    return make


def _with_line_feeds(chunk: bytes) -> bytes:
    size, _, rest = chunk.partition(b"\r\n")
    return size + b"\n" + rest.removesuffix(b"\r\n") + b"\n"


def _with_a_line_feed_behind(chunk: bytes) -> bytes:
    return chunk if chunk.startswith(b"0") else chunk.removesuffix(b"\r\n") + b"\n"


_TITLE = "chunks that end with a line feed alone; `Transfer-Encoding: chunked, chunked`"
for name, change, coding in (
    ("line feeds", _with_line_feeds, "chunked"),
    ("a line feed behind a chunk", _with_a_line_feed_behind, "chunked"),
    ("chunked twice", lambda chunk: chunk, "chunked, chunked"),
    ("Chunked,chunked", lambda chunk: chunk, "Chunked,chunked"),
):
    manner(_TITLE, name, _framed(change, coding), kinds=kinds.EVERY, calls=1)


def _longer(chunk: bytes) -> bytes:
    return chunk if chunk.startswith(b"0") else chunk.removesuffix(b"\r\n") + b"and more\r\n"


manner(
    "a chunk that is longer or shorter than it says, or of a size below nothing",
    "a longer chunk",
    _framed(_longer),
    Failed("", 502, "provider_unavailable"),
    kinds=(kinds.CHAT, kinds.CLAUDE),
)
manner(
    "a chunk that is longer or shorter than it says, or of a size below nothing",
    "a size below nothing",
    _framed(lambda chunk: b"-" + chunk),
    Failed("", 502, "provider_unavailable"),
    kinds=(kinds.CHAT, kinds.CLAUDE),
)
