"""How answers end, or do not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Completed, Failed, Sent, by_kind, manner
from tests.upstreams.server import Asked, Reset


def body(change: Callable[[bytes], bytes], *, chunked: bool = False) -> Callable[[Kind], Sent]:
    """Return what makes a good answer with its body changed; it ends with the connection."""

    @by_kind
    def make(kind: Kind) -> Sent:
        changed = change(b"".join(good.pieces(kind)))
        if chunked:
            # The end of the body, which an HTTP library waits for, never comes.
            head = wire.head(good.media_type(kind), transfer_encoding="chunked")
            return [head, *wire.chunked([changed])[:-1]]
        return wire.head(good.media_type(kind)) + changed

    return make


_NO_BLANK = "the last event without its blank line, or without its line's end"
manner(_NO_BLANK, "no blank line", body(lambda b: b[:-1]), kinds=kinds.STREAMS, calls=1)
manner(_NO_BLANK, "no line end", body(lambda b: b.rstrip()), kinds=kinds.STREAMS, calls=1)
_NO_DONE = "no `[DONE]` after all finish reasons, the connection closed or reset"
manner(_NO_DONE, "no done", body(lambda b: b.removesuffix(wire.DONE)), kinds=kinds.STREAMS, calls=1)
manner(
    _NO_DONE,
    "no done, no blank line",
    wire.head(wire.SSE) + wire.events(*good.CHUNKS[:-1]).rstrip(),
    Completed(finish="stop"),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
manner(
    _NO_DONE,
    "no end of the body",
    body(lambda b: b.removesuffix(wire.DONE), chunked=True),
    kinds=kinds.STREAMS,
    calls=1,
)


@by_kind
def _reset_at_end(kind: Kind) -> Sent:
    def reply(_asked: Asked) -> Iterator[bytes]:
        yield wire.head(good.media_type(kind)) + b"".join(good.pieces(kind))
        yield b""
        raise Reset

    return reply


manner(_NO_DONE, "reset after the end", _reset_at_end, kinds=[kinds.CHAT_STREAM], calls=1)


manner(
    "`response.done` at the end of a response",
    "response done",
    body(lambda b: b.replace(b"response.completed", b"response.done") + wire.DONE),
    kinds=[kinds.RESPONSE_STREAM],
    calls=1,
)


_ADDED = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}}
_ITEM_DONE = {
    "type": "response.output_item.done",
    "output_index": 0,
    "item": good.RESPONSE["output"][0],
}
_BEGUN, _WORDS, _END = good.values(kinds.RESPONSE_STREAM)
_UNSAID = {name: value for name, value in good.RESPONSE.items() if name != "output"}
for name, end in (
    ("closed", b""),
    ("done", wire.DONE),
    ("told without its output", wire.event({**_END, "response": _UNSAID})),
    ("told with no output", wire.event({**_END, "response": {**_UNSAID, "output": []}})),
):
    manner(
        "a response that ends behind its last item, or with an event that does not hold it",
        f"response without its end, {name}",
        wire.head(wire.SSE) + wire.events(_BEGUN, _ADDED, _WORDS, _ITEM_DONE) + end,
        kinds=[kinds.RESPONSE_STREAM, kinds.RESPONSE],
        calls=1,
    )


def held_open(said: bytes) -> Callable[[Kind], Sent]:
    """Return what says everything but the last word, then keeps the connection and says this."""

    @by_kind
    def make(kind: Kind) -> Sent:
        last = wire.DONE if kind is not kinds.CLAUDE_STREAM else good.pieces(kind)[-1]

        def reply(_asked: Asked) -> Iterator[bytes]:
            whole = b"".join(good.pieces(kind)).removesuffix(last)
            yield wire.head(good.media_type(kind), transfer_encoding="chunked")
            yield wire.chunked([whole])[0]
            for _ in range(200):
                time.sleep(0.1)
                yield wire.chunked([said])[0] if said else b""

        return reply

    return make


for name, said in (
    ("silence", b""),
    ("comments", b": ping\n\n"),
    ("blank data", b"data:\n\n"),
    ("empty chunks", wire.event(good.chunk(None))),
):
    manner(
        "no `[DONE]` after all finish reasons, the connection kept open, with or without pings",
        f"held open with {name}",
        held_open(said),
        Completed(),
        kinds=[kinds.CHAT_STREAM, kinds.TEXT_STREAM]
        + ([kinds.CLAUDE_STREAM] if name != "empty chunks" else []),
        calls=1,
    )
manner(
    "no `[DONE]` after all finish reasons, the connection kept open, with or without pings",
    "held open after the end",
    held_open(b""),
    Completed(),
    kinds=[kinds.RESPONSE_STREAM, kinds.GENERATION_STREAM],
    calls=1,
)
_KEPT = "a whole answer whose connection is kept open, or that breaks off behind it"


def kept_open(chunked: bool) -> Callable[[Kind], Sent]:
    """Return what says all of a good answer and then nothing, its connection open."""

    @by_kind
    def make(kind: Kind) -> Sent:
        def reply(_asked: Asked) -> Iterator[bytes]:
            whole = b"".join(good.pieces(kind))
            if chunked:
                yield wire.head(good.media_type(kind), transfer_encoding="chunked")
                yield wire.chunked([whole])[0]
            else:
                yield wire.head(good.media_type(kind)) + whole
            for _ in range(200):
                time.sleep(0.1)
                yield b""

        return reply

    return make


for name, chunked in (("without its last chunk", True), ("without a length", False)):
    manner(_KEPT, f"kept open {name}", kept_open(chunked), kinds=kinds.WHOLE, calls=1)
manner(
    _KEPT,
    "no last chunk",
    body(lambda b: b, chunked=True),
    kinds=kinds.WHOLE,
    calls=1,
)
manner(
    _KEPT,
    "whole json for a stream, kept open",
    kept_open(True)(kinds.CHAT),  # type: ignore[operator, return-value]
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
manner(
    _KEPT,
    "a stream for whole json, kept open",
    kept_open(False)(kinds.CHAT_STREAM),  # type: ignore[operator, return-value]
    kinds=[kinds.CHAT],
    calls=1,
)
manner(
    _KEPT,
    "done, kept open",
    lambda _asked: _done_kept_open(),
    kinds=[kinds.CHAT, kinds.CHAT_STREAM],
    calls=1,
)
manner(
    _KEPT,
    "with a length, kept open",
    lambda _asked: _with_length_kept_open(),
    kinds=[kinds.CHAT],
    calls=1,
)
manner(
    _KEPT,
    "an error, kept open",
    lambda _asked: _error_kept_open(),
    Failed("no such thing", 422, elsewhere=False),
    kinds=[kinds.CHAT, kinds.CHAT_STREAM],
)


def _done_kept_open() -> Iterator[bytes]:
    yield wire.head(wire.SSE) + b"".join(good.pieces(kinds.CHAT_STREAM))
    time.sleep(20)


def _with_length_kept_open() -> Iterator[bytes]:
    yield wire.answer(good.completion())
    time.sleep(20)


def _error_kept_open() -> Iterator[bytes]:
    yield wire.head(status="422 No") + b'{"error":{"message":"no such thing"}}'
    time.sleep(20)


manner(
    "broken off before its finish reason",
    "ended early",
    wire.head(wire.SSE) + wire.events(*good.CHUNKS[:3]),
    Failed("broke off", 200, elsewhere=False),
    kinds=[kinds.CHAT_STREAM],
)
manner(
    "broken off before its finish reason",
    "response cut within an item",
    wire.head(wire.SSE) + wire.events(_BEGUN, _ADDED, _WORDS) + wire.DONE,
    Failed("broke off", elsewhere=False),
    kinds=[kinds.RESPONSE_STREAM],
)
manner(
    "broken off before its finish reason",
    "ended within an event",
    wire.head(wire.SSE) + wire.events(*good.CHUNKS).rstrip()[:-30],
    kinds=[kinds.CHAT_STREAM],
    ends=Completed(finish="stop"),
    calls=1,
)
manner(
    "broken off before anything was said",
    "empty",
    body(lambda _: b""),
    Failed("", 502),
    kinds=kinds.EVERY,
)
manner(
    "a wrong Content-Length",
    "content length too long",
    wire.head(wire.JSON, content_length="100000") + b"".join(good.pieces(kinds.CHAT)),
    Failed("", 502),
)
_LENGTH = len(good.pieces(kinds.CHAT)[0])
manner(
    "a wrong Content-Length",
    "content length too short",
    wire.head(wire.JSON, content_length=str(_LENGTH - 10)) + good.pieces(kinds.CHAT)[0],
    Failed("", 502),
)
manner(
    "HTTP/1.0, its body ended by the connection",
    "http 1.0",
    by_kind(
        lambda kind: (wire.head(good.media_type(kind)) + b"".join(good.pieces(kind))).replace(
            b"HTTP/1.1", b"HTTP/1.0", 1
        )
    ),
    kinds=kinds.EVERY,
    calls=1,
)
for name, interim in (
    ("100", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ("102", b"HTTP/1.1 102 Processing\r\n\r\n"),
    ("103", b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n"),
    ("several", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <b>\r\n\r\n"),
):
    manner(
        "interim responses (100, 102, 103) before the answer",
        f"interim {name}",
        by_kind(lambda kind, interim=interim: [interim, *good.answer(kind)]),
        kinds=kinds.EVERY,
        calls=1,
    )
