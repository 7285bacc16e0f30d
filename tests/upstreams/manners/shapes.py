"""Media types, and answers in another shape than asked for."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Json, Kind
from tests.upstreams.manner import Completed, Failed, Sent, by_kind, manner


def typed(kind_of: str | None) -> Callable[[Kind], Sent]:
    """Return what makes a good answer with another Content-Type."""
    return by_kind(lambda kind: wire.head(kind_of) + b"".join(good.pieces(kind)))


_TYPES = "its media type in capitals, wrong, or left out"
for name, kind_of in (
    ("none", None),
    ("empty", ""),
    ("plain", "text/plain; charset=utf-8"),
    ("json", "application/json"),
    ("bytes", "application/octet-stream"),
):
    manner(_TYPES, f"type {name}", typed(kind_of), kinds=kinds.EVERY, calls=1)
manner(_TYPES, "type in capitals", typed("Text/Event-Stream;Charset=UTF-8"), kinds=kinds.STREAMS)
manner(_TYPES, "type of a stream", typed("text/event-stream"), kinds=kinds.WHOLE, calls=1)

_BOM = b"\xef\xbb\xbf"


@by_kind
def _with_bom(kind: Kind) -> Sent:
    return wire.head(good.media_type(kind)) + _BOM + b"".join(good.pieces(kind))


manner("a byte order mark", "byte order mark", _with_bom, kinds=kinds.EVERY, calls=1)


manner(
    "comments before whole JSON",
    "comments before json",
    by_kind(
        lambda kind: wire.head(wire.JSON) + b": busy\n\n" * 3 + json.dumps(good.body(kind)).encode()
    ),
    kinds=kinds.EVERY,
    calls=1,
)


def _whole_of(kind: Kind, kind_of: str, *, indent: int | None = None) -> bytes:
    return wire.answer(json.dumps(good.body(kind), indent=indent).encode(), kind=kind_of)


_WHOLE = "whole JSON where a stream was asked for"
for name, kind_of in (("json", wire.JSON), ("sse", wire.SSE)):
    manner(
        _WHOLE,
        f"whole as {name}",
        by_kind(lambda kind, kind_of=kind_of: _whole_of(kind, kind_of)),
        kinds=kinds.STREAMS,
        calls=1,
    )
manner(
    _WHOLE,
    "whole and indented",
    by_kind(lambda kind: _whole_of(kind, wire.JSON, indent=2)),
    kinds=kinds.STREAMS,
    calls=1,
)
_CALLS = [
    {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": "{}"}}
    for name in "ab"
]
manner(
    _WHOLE,
    "whole with calls of tools",
    wire.answer(
        good.completion({"role": "assistant", "content": None, "tool_calls": _CALLS}, "tool_calls")
    ),
    Completed(None, "tool_calls", {"tool_calls": _CALLS}, has_usage=True),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
manner(
    _WHOLE,
    "a list of chunks",
    wire.answer(list(good.CHUNKS)),
    Completed(finish="stop", has_usage=True),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
manner(
    _WHOLE,
    "chunks as lines",
    wire.head(wire.NDJSON) + b"".join(json.dumps(c).encode() + b"\n" for c in good.CHUNKS),
    Completed(finish="stop", has_usage=True),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
manner(
    "an error where a stream was asked for, with status 200",
    "whole error",
    wire.answer({"error": {"message": "No room", "code": 503}}),
    Failed("No room"),
    kinds=kinds.STREAMS,
)

_STREAM_OF = {
    kinds.CHAT: kinds.CHAT_STREAM,
    kinds.TEXT: kinds.TEXT_STREAM,
    kinds.RESPONSE: kinds.RESPONSE_STREAM,
    kinds.CLAUDE: kinds.CLAUDE_STREAM,
    kinds.GENERATION: kinds.GENERATION_STREAM,
}
for name, kind_of in (("", wire.SSE), (" as json", wire.JSON)):
    manner(
        "a stream where whole JSON was asked for",
        f"stream{name}",
        by_kind(
            lambda kind, kind_of=kind_of: (
                wire.head(kind_of) + b"".join(good.pieces(_STREAM_OF[kind]))
            )
        ),
        kinds=list(_STREAM_OF),
        calls=1,
    )
manner(
    "broken off before its finish reason",
    "stream for whole json cut",
    by_kind(lambda kind: wire.head(wire.SSE) + b"".join(good.pieces(_STREAM_OF[kind])[:2])),
    Failed("broke off", 502),
    kinds=list(_STREAM_OF),
)
manner(
    "a stream where whole JSON was asked for",
    "a chunk",
    wire.answer(good.chunk({"role": "assistant", "content": good.TEXT}, "stop")),
    Completed(finish="stop"),
    calls=1,
)
manner(
    "a stream where whole JSON was asked for",
    "stream with an error",
    wire.head(wire.SSE) + wire.events(good.CHUNKS[1], {"error": {"message": "It broke"}}),
    Failed("It broke", 502),
)
manner(
    "a page of HTML with status 200",
    "page with a title",
    wire.answer(
        b"<!DOCTYPE html>\n<html><head><title>Just a\n moment&hellip;</title></head>",
        kind="text/html",
    ),
    Failed("answered with a page: Just a moment\u2026", 502, "provider_unavailable"),
    kinds=kinds.EVERY,
)
for name, body in (
    ("page", b"<html><body>Bad gateway</body></html>"),
    ("text", b"upstream connect error"),
    ("half", b'{"choices":[{"mess'),
    ("list", b"[1,2]"),
):
    manner(
        "something that is neither JSON nor a stream",
        name,
        wire.answer(body, kind="text/html"),
        Failed("", 502, "provider_unavailable"),
        kinds=kinds.EVERY,
    )


_WHOLE = json.dumps(good.completion()).encode()
_CHATS = [kinds.CHAT, kinds.CHAT_STREAM]
for name, body, asked in (
    ("words behind it", _WHOLE + b"\n<!-- served by proxy -->", _CHATS),
    ("a guard before it", b")]}',\n" + _WHOLE, _CHATS),
    ("fences", b"```json\n" + _WHOLE + b"\n```", _CHATS),
    ("twice", _WHOLE + _WHOLE, _CHATS),
    ("a list", b"[" + _WHOLE + b"]", _CHATS),
    ("a text", json.dumps(_WHOLE.decode()).encode(), [kinds.CHAT]),
    ("a member", b'{"code":0,"msg":"ok","data":' + _WHOLE + b"}", _CHATS),
    ("a text in a member", json.dumps({"result": _WHOLE.decode()}).encode(), _CHATS),
):
    manner(
        "something around the answer: words, a list, a text, a member of its own",
        name,
        wire.answer(body),
        Completed(finish="stop", has_usage=True),
        kinds=asked,
        calls=1,
    )


for coding in ("utf-16", "iso-8859-1", "gb18030"):
    told = good.completion({"role": "assistant", "content": "Grüße"})
    manner(
        "in UTF-16, or in other characters than UTF-8 that its `charset` names",
        f"characters of {coding}",
        wire.answer(
            json.dumps(told, ensure_ascii=False).encode(coding),
            kind=f"application/json; charset={coding}",
        ),
        Completed("Grüße", "stop", has_usage=True),
        kinds=_CHATS,
        calls=1,
    )
manner(
    "in UTF-16, or in other characters than UTF-8 that its `charset` names",
    "events of utf-16",
    wire.head(wire.SSE) + (wire.events(*good.CHUNKS) + wire.DONE).decode().encode("utf-16"),
    Completed(finish="stop", has_usage=True),
    kinds=_CHATS,
    calls=1,
)
manner(
    "in characters that are not UTF-8, and not named",
    "characters without a name",
    wire.answer(b'{"choices":[{"message":{"content":"a\xfcb"},"finish_reason":"stop"}]}'),
    Completed("a\ufffdb", "stop"),
    kinds=_CHATS,
    calls=1,
)


def _as_texts(value: Json) -> Json:
    """Return an answer, or a chunk, of a chat as those of texts are."""
    choices = [
        {"index": 0, "text": said.get("content") or "", "finish_reason": one["finish_reason"]}
        for one in value["choices"]
        for said in (one.get("message") or one.get("delta") or {},)
    ]
    return {**value, "object": "text_completion", "choices": choices}


_OTHERS_SHAPE = "a chat told as a completion of a text, or the other way round"
_CHAT_IN_TEXTS = [_as_texts(chunk) for chunk in good.CHUNKS]
for name, sent, shaped in (
    ("a chat as a text", wire.answer(_as_texts(good.completion())), kinds.CHAT),
    ("a chat as a text", wire.answer(_as_texts(good.completion())), kinds.CHAT_STREAM),
    ("a text as a chat", wire.answer(good.completion()), kinds.TEXT),
    ("a text as a chat", wire.answer(good.completion()), kinds.TEXT_STREAM),
    ("chunks", wire.events(*_CHAT_IN_TEXTS) + wire.DONE, kinds.CHAT_STREAM),
    ("chunks", wire.events(*good.CHUNKS) + wire.DONE, kinds.TEXT_STREAM),
    ("chunks for the whole", wire.events(*_CHAT_IN_TEXTS) + wire.DONE, kinds.CHAT),
    ("chunks for the whole", wire.events(*good.CHUNKS) + wire.DONE, kinds.TEXT),
):
    is_whole = sent.startswith(b"HTTP")
    manner(
        _OTHERS_SHAPE,
        f"in another shape, {name}",
        sent if is_whole else wire.head(wire.SSE) + sent,
        Completed(finish="stop", has_usage=True),
        kinds=[shaped],
        calls=1,
    )
