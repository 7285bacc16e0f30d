"""Streamed messages that take their time: each piece comes when it is due, compressed or not."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from typing import Any

from tests.support.anthropic_wire import events_of
from tests.upstreams import good, kinds, wire
from tests.upstreams.server import Asked, Reply

#: Between the request and the first piece of text, and between two pieces (seconds).
EVERY_S = 0.3
#: What is said behind the first piece, which says when it was due.
WORDS = ("and", "more", "of it")
#: Characters of a piece.
_SIZE = 24


def text_of(due_s: float) -> str:
    """Return all that a stream says whose first piece is due then (monotonic seconds)."""
    return "".join(f"{piece:<{_SIZE}}" for piece in (f"{due_s:.6f}", *WORDS))


def due_in(piece: str) -> float:
    """Return when the piece was due with which a text begins."""
    return float(piece[:_SIZE])


def paced(*, gzipped: bool) -> Reply:
    """Return what streams a message of Anthropic's; `gzipped`: flushed with each event."""

    def reply(_asked: Asked) -> Iterator[bytes]:
        coding = {"content_encoding": "gzip"} if gzipped else {}
        yield wire.head(good.media_type(kinds.CLAUDE_STREAM), transfer_encoding="chunked", **coding)
        pieces = _pieces(time.monotonic() + EVERY_S)
        for piece in _flushed(pieces) if gzipped else pieces:
            # The last chunk of a body is an end of its own.
            yield wire.chunked([piece])[0]
        yield wire.chunked([])[-1]

    return reply


def _pieces(due_s: float) -> Iterator[bytes]:
    said = {"type": "text", "text": text_of(due_s)}
    message: dict[str, Any] = {**good.MESSAGE, "content": [said]}
    for event in events_of(message, _SIZE):
        if event["type"] == "content_block_delta":
            time.sleep(max(0.0, due_s - time.monotonic()))
            due_s += EVERY_S
        yield wire.event(event, event["type"])


def _flushed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
