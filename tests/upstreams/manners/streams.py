"""How events are written."""

from __future__ import annotations

from collections.abc import Callable

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Completed, Sent, by_kind, manner

_EVENTS = (
    kinds.CHAT_STREAM,
    kinds.TEXT_STREAM,
    kinds.RESPONSE_STREAM,
    kinds.CLAUDE_STREAM,
)
_TITLE = "events in any form that SSE allows"


def written(change: Callable[[bytes], bytes], size: int = 0) -> Callable[[Kind], Sent]:
    """Return what makes a good stream with its bytes changed, in pieces of `size` bytes."""

    @by_kind
    def make(kind: Kind) -> Sent:
        sent = change(b"".join(good.pieces(kind)))
        pieces = [sent[at : at + size] for at in range(0, len(sent), size)] if size else [sent]
        head = wire.head(good.media_type(kind), transfer_encoding="chunked")
        return [head, *wire.chunked(pieces)]

    return make


for name, change in (
    ("crlf", lambda sent: sent.replace(b"\n", b"\r\n")),
    ("cr", lambda sent: sent.replace(b"\n", b"\r")),
    ("no space", lambda sent: sent.replace(b"data: ", b"data:")),
    ("blank data", lambda sent: sent.replace(b"data: {", b"data:\n\ndata: \n\ndata: {")),
    ("comments", lambda sent: b": hi\n\n" + sent.replace(b"\n\n", b"\n\n: ping\n\n")),
    ("ids", lambda sent: sent.replace(b"data: {", b"id: 1\n\nretry: 5\n\nid\ndata: {")),
    ("unknown fields", lambda sent: sent.replace(b"data: {", b"x: 1\ny\ndata: {")),
    ("blank lines first", lambda sent: b"\n\r\n\n" + sent),
    ("several data lines", lambda sent: sent.replace(b', "', b',\ndata: "')),
    ("after done", lambda sent: sent + b"data: {}\n\n: bye\n\n"),
):
    manner(_TITLE, f"events {name}", written(change), kinds=_EVENTS, calls=1)
for size in (1, 7):
    manner(
        _TITLE,
        f"pieces of {size}",
        written(lambda sent: sent, size),
        kinds=kinds.STREAMS,
        calls=1,
    )
manner(
    "chunks without choices, usage more than once",
    "usage twice",
    wire.head(wire.SSE)
    + wire.events(
        {"type": "ping"},
        {"choices": [], "prompt_filter_results": [], "usage": None},
        *good.CHUNKS[:3],
        good.chunk({}, "stop", usage=good.USAGE),
        good.CHUNKS[-1],
        good.CHUNKS[-1],
    )
    + wire.DONE,
    Completed(finish="stop", has_usage=True),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
