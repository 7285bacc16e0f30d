"""Answers in several documents: lines, lists, one behind another, several in one event."""

from __future__ import annotations

import json

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Completed, Failed, Sent, by_kind, manner

_CHATS = (kinds.CHAT, kinds.CHAT_STREAM)
_CHUNKS = [json.dumps(chunk).encode() for chunk in good.CHUNKS]
_EVENTS = wire.events(*good.CHUNKS[1:]) + wire.DONE
_SEVERAL = "chunks as lines, as a list, or behind one another with nothing between them"
for name, body, asked in (
    ("lines", b"\n".join(_CHUNKS), [kinds.CHAT]),
    ("lines of Windows", b"\r\n".join(_CHUNKS), _CHATS),
    ("lines with blank ones", b"\n\n".join(_CHUNKS), _CHATS),
    ("a list", b"[\n" + b",\n".join(_CHUNKS) + b"]", [kinds.CHAT]),
    ("nothing between them", b"".join(_CHUNKS), _CHATS),
    ("events behind the first one", _CHUNKS[0] + b"\n\n" + _EVENTS, _CHATS),
    ("a sequence (RFC 7464)", b"".join(b"\x1e%b\n" % one for one in _CHUNKS), _CHATS),
):
    manner(
        _SEVERAL,
        f"chunks: {name}",
        wire.answer(body),
        Completed(finish="stop", has_usage=True),
        kinds=asked,
        calls=1,
    )
_LINES = [json.dumps(value).encode() for value in good.values(kinds.GENERATION_STREAM)]
for name, between, behind in (
    ("lines of Windows", b"\r\n", b""),
    ("lines with blank ones", b"\n\n", b""),
    ("words behind them", b"\n", b"\nbye"),
    ("null behind them", b"\n", b"\nnull"),
):
    manner(
        _SEVERAL,
        f"lines of a generation: {name}",
        wire.answer(between.join(_LINES) + behind, kind=wire.NDJSON),
        kinds=[kinds.GENERATION],
        calls=1,
    )
for name, body, message in (
    ("an error behind them", b"\n".join([*_CHUNKS[:2], b'{"error":"It broke"}']), "It broke"),
    ("broken off", b"\n".join(_CHUNKS[:2]), "broke off"),
    ("the first one among words", b"x: " + b"\nx: ".join(_CHUNKS), "no JSON"),
):
    manner(
        _SEVERAL,
        f"chunks: {name}",
        wire.answer(body),
        Failed(message, 502),
    )


_MESSAGE = [json.dumps(value).encode() for value in good.values(kinds.CLAUDE_STREAM)]
for name, body in (
    ("lines", b"\n".join(_MESSAGE)),
    ("a list", b"[" + b",".join(_MESSAGE) + b"]"),
    ("nothing between them", b"".join(_MESSAGE)),
):
    manner(
        _SEVERAL,
        f"Claude's events: {name}",
        wire.answer(body),
        Completed(finish="stop"),
        kinds=[kinds.CLAUDE, kinds.CLAUDE_STREAM],
        calls=1,
    )
for name, before in (("first", good.CHUNKS[:0]), ("later", good.CHUNKS[:2])):
    manner(
        "words in the place of an event's object",
        f"words {name}",
        wire.head(wire.SSE)
        + wire.events(*before)
        + wire.event("Internal Server Error")
        + wire.DONE,
        Failed("Internal Server Error", elsewhere=True),
        kinds=[kinds.CHAT] if before else _CHATS,
    )


@by_kind
def _two_in_one(kind: Kind) -> Sent:
    first, second, *rest = good.CHUNKS
    together = b"data: %b%b\n\n" % (json.dumps(first).encode(), json.dumps(second).encode())
    return wire.head(wire.SSE) + together + wire.events(*rest) + wire.DONE


manner(
    "several chunks in one event",
    "two chunks in one event",
    _two_in_one,
    Completed(finish="stop", has_usage=True),
    kinds=_CHATS,
    calls=1,
)

_STARTED, *_TOLD = good.pieces(kinds.CLAUDE_STREAM)
_UNTOLD = "`[DONE]` without any finish reason"
_WORDS = good.CHUNKS[:3]
_CALL = {"index": 0, "id": "x", "type": "function", "function": {"name": "a", "arguments": "{}"}}
for name, chunks, ends in (
    ("words", _WORDS, Completed(finish="stop", reasons=1)),
    (
        "a call",
        (good.chunk({"role": "assistant", "tool_calls": [_CALL]}),),
        Completed(None, "tool_calls", reasons=1),
    ),
    (
        "Google's own name",
        (*_WORDS, good.chunk({})),
        Completed(finish="length", reasons=1),
    ),
):
    sent = wire.events(*chunks)
    if name == "Google's own name":
        sent = sent.replace(b'"delta": {}, "finish_reason": null', b'"finishReason": "LENGTH"')
    manner(
        _UNTOLD,
        f"no reason behind {name}",
        wire.head(wire.SSE) + sent + wire.DONE,
        ends,
        kinds=_CHATS,
        calls=1,
    )
manner(
    _UNTOLD,
    "no reason behind Claude's words",
    wire.head(wire.SSE) + _STARTED + b"".join(_TOLD[:-2]) + wire.DONE,
    Completed(finish="stop", reasons=1),
    kinds=[kinds.CLAUDE_STREAM, kinds.CLAUDE],
    calls=1,
)
manner(
    _UNTOLD,
    "no reason behind a text",
    by_kind(lambda kind: wire.head(wire.SSE) + wire.events(*good.values(kind)[:2]) + wire.DONE),
    Completed(finish="stop", reasons=1),
    kinds=[kinds.TEXT_STREAM],
    calls=1,
)
manner(
    "events of another API, or none of this one's, and then no end",
    "a chat for a response",
    wire.head(wire.SSE) + wire.events(*good.CHUNKS) + wire.DONE,
    Failed("broke off"),
    kinds=[kinds.RESPONSE, kinds.RESPONSE_STREAM],
)
manner(
    "events of another API, or none of this one's, and then no end",
    "signs of life behind the start",
    wire.head(wire.SSE)
    + wire.event(good.values(kinds.RESPONSE_STREAM)[0])
    + wire.events({"type": "keepalive", "sequence_number": 1}, {"type": "vendor.ping"}),
    Failed("broke off"),
    kinds=[kinds.RESPONSE, kinds.RESPONSE_STREAM],
)
manner(
    "`[DONE]` behind nothing that anybody says",
    "done behind the role",
    wire.head(wire.SSE) + wire.events(good.CHUNKS[0]) + wire.DONE,
    Failed("broke off"),
    kinds=_CHATS,
)
for name, event in (
    ("an empty object", b"data: {}\n\n"),
    ("a status", b'data: {"status":"processing","message":"queued"}\n\n'),
):
    manner(
        "an event that tells that all goes well",
        f"between events: {name}",
        wire.head(wire.SSE)
        + event
        + b"".join(wire.event(one) + event for one in good.CHUNKS[:4])
        + wire.DONE,
        Completed(finish="stop"),
        kinds=_CHATS,
        calls=1,
    )
