"""How events are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Json, Kind
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
    ("null data", lambda sent: sent.replace(b"data: {", b'data: null\n\ndata: ""\n\ndata: {')),
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
    "events without a blank line between them",
    "no blank lines at all",
    written(lambda sent: sent.replace(b"\n\n", b"\n")),
    kinds=_EVENTS,
    calls=1,
)
for size in (0, 7):
    for name, change in (
        ("", lambda sent: sent.replace(b"data:", b"data: data:")),
        (" without a space", lambda sent: sent.replace(b"data: ", b"data:data:")),
        (
            " with its blank lines",
            lambda sent: sent.replace(b"data:", b"data: data:").replace(
                b"\n\n", b"\ndata: \ndata: \n\n"
            ),
        ),
    ):
        manner(
            "events that were made of events: `data: data: {…}`",
            f"doubled{name}, pieces of {size}",
            written(change, size),
            kinds=(kinds.CHAT_STREAM, kinds.TEXT_STREAM),
            calls=1,
        )
for name, said in (
    ("ping", b"event: ping\ndata: 2026-01-02T03:04:05Z\n\n"),
    ("heartbeat", b"event: heartbeat\ndata: ok\n\n"),
    ("keepalive", b'event: keepalive\ndata: {"type":"keepalive"}\n\n'),
):
    manner(
        "a sign of life by its name (`ping`, `heartbeat`, `keepalive`) that is no JSON",
        f"named {name}",
        written(lambda sent, said=said: said + sent.replace(b"\n\n", b"\n\n" + said)),  # type: ignore[misc]
        kinds=_EVENTS,
        calls=1,
    )
for name, done in (("in quotes", b'"[DONE]"'), ("in small letters", b"[done]"), ("bare", b"DONE")):
    manner(
        "`[DONE]` written otherwise",
        f"done {name}",
        written(lambda sent, done=done: sent.replace(b"[DONE]", done)),  # type: ignore[misc]
        kinds=(kinds.CHAT_STREAM, kinds.TEXT_STREAM),
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


def numbered(deltas: Sequence[tuple[Json, str | None]], *, by: int = 1, first: int = 0) -> bytes:
    """Return a stream each of whose chunks has another index."""
    chunks = [good.chunk(delta, reason) for delta, reason in deltas]
    for number, told in enumerate(chunks):
        told["choices"][0]["index"] = first + by * number
    return wire.head(wire.SSE) + wire.events(*chunks, good.CHUNKS[-1]) + wire.DONE


_ROLE: Json = {"role": "assistant", "content": ""}
_SAID: tuple[tuple[Json, str | None], ...] = (
    (_ROLE, None),
    ({"content": "Hello "}, None),
    ({"content": "there"}, None),
    ({}, "stop"),
)
for name, sent in (
    ("grows", numbered(_SAID)),
    ("grows by two", numbered(_SAID, by=2, first=1)),
    (
        "grows, its reason with the last words",
        numbered([*_SAID[:2], ({"content": "there"}, "stop")]),
    ),
):
    manner(
        "an index of the choice that grows with each chunk",
        f"index {name}",
        sent,
        Completed(finish="stop", has_usage=True),
        kinds=[kinds.CHAT_STREAM, kinds.CHAT],
        calls=1,
    )
manner(
    "an index of the choice that grows with each chunk",
    "index grows without a reason",
    numbered(_SAID[:-1]),
    Completed(finish="stop"),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
for name, reason in (("null as text", "null"), ("nothing as text", ""), ("Python's", "None")):
    chunks = [good.chunk(delta, last or reason) for delta, last in _SAID]
    for end, told in (("", chunks), (" to the end", chunks[:-1])):
        manner(
            "`finish_reason` as a text that is none: `null`, or nothing",
            f"reason {name}{end}",
            wire.head(wire.SSE) + wire.events(*told) + wire.DONE,
            Completed(finish="stop"),
            kinds=[kinds.CHAT_STREAM],
            calls=1,
        )
for name, last in (("words", wire.event(b"bye")), ("half a chunk", wire.event(b'{"choices":[{'))):
    manner(
        "something that is no JSON behind all finish reasons",
        f"behind the end: {name}",
        wire.head(wire.SSE) + wire.events(*good.CHUNKS) + last,
        Completed(finish="stop", has_usage=True),
        kinds=[kinds.CHAT_STREAM, kinds.CHAT],
        calls=1,
    )
manner(
    "a whole chat behind the deltas that have told it",
    "whole behind its deltas",
    wire.head(wire.SSE)
    + wire.events(*good.CHUNKS[:4], good.completion(base_resp={"status_code": 0}))
    + wire.DONE,
    Completed(finish="stop", has_usage=True),
    kinds=[kinds.CHAT_STREAM, kinds.CHAT],
    calls=1,
)
for name, error in (("empty", {}), ("with nothing in it", {"code": 0, "message": ""}), ("no", "")):
    manner(
        "an `error` in each chunk with nothing in it",
        f"error {name}",
        wire.head(wire.SSE)
        + wire.events(*(one | {"error": error} for one in good.CHUNKS))
        + wire.DONE,
        Completed(finish="stop", has_usage=True),
        kinds=[kinds.CHAT_STREAM, kinds.CHAT],
        calls=1,
    )

_NAMED_OTHERWISE = [
    one
    | {
        "choices": [
            {"index": 0, "message": choice["delta"], "finish_reason": choice["finish_reason"]}
            for choice in one["choices"]
        ]
    }
    for one in good.CHUNKS
]
manner(
    "chunks whose deltas are called `message`",
    "deltas called message",
    wire.head(wire.SSE) + wire.events(*_NAMED_OTHERWISE) + wire.DONE,
    Completed(finish="stop", has_usage=True, reasons=1),
    kinds=[kinds.CHAT_STREAM, kinds.CHAT],
    calls=1,
)
_STARTED, *_SAID_IT, _REASON, _STOPPED = good.values(kinds.CLAUDE_STREAM)
for name, events in (
    ("left out", (_STARTED, *_SAID_IT, _STOPPED)),
    ("null", (_STARTED, *_SAID_IT, {**_REASON, "delta": {"stop_reason": None}}, _STOPPED)),
):
    manner(
        "a message of Claude's that ends without a reason",
        f"stop reason {name}",
        wire.head(wire.SSE) + b"".join(wire.event(one, one["type"]) for one in events),
        Completed(finish="stop", reasons=1),
        kinds=[kinds.CLAUDE_STREAM],
        calls=1,
    )
for name, before in (
    ("a byte order mark", b"\xef\xbb\xbf"),
    ("a NUL", b"\0"),
    ("NULs", b"\0\0"),
    ("blanks", b"   "),
):
    manner(
        "a byte order mark, a NUL or blanks before each event, or each line",
        f"events behind {name}",
        written(
            lambda sent, before=before: before + sent.replace(b"\n", b"\n" + before)  # type: ignore[misc]
        ),
        kinds=kinds.STREAMS,
        calls=1,
    )
for name, separators in (("", (", ", ": ")), (", close", (",", ":"))):
    manner(
        "events whose type is their name alone: `event: response.completed`",
        f"types by names{name}",
        by_kind(
            lambda kind, separators=separators: (
                wire.head(wire.SSE)
                + b"".join(
                    wire.event(
                        json.dumps(
                            {name: each for name, each in value.items() if name != "type"},
                            separators=separators,
                        ).encode(),
                        value["type"],
                    )
                    for value in good.values(kind)
                )
            )
        ),
        kinds=(kinds.RESPONSE_STREAM, kinds.CLAUDE_STREAM),
        calls=1,
    )
manner(
    "a character that is cut by the end of an event",
    "half a character",
    written(lambda sent: sent.replace(b'"Hello ', b'"Hello \xf0\x9f')),
    Completed(None),
    kinds=kinds.STREAMS,
    calls=1,
)
