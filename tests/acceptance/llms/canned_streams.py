"""Streams as LLM servers may send them: whole, odd, slow and broken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.acceptance.llms.canned_llm import Answer, SseAnswer

Json = dict[str, Any]

DONE = b"data: [DONE]\n\n"
#: Words of the slow stream, and the pause between two of them (seconds).
WORDS = tuple(f"word{number} " for number in range(60))
PAUSE_S = 0.1
TEXT = "".join(WORDS)
TOLD_ERROR = {"message": "The model is overloaded.", "type": "overloaded_error", "code": "busy"}


def chunk(delta: Json, finish: str | None = None, *, index: int = 0, **fields: Any) -> Json:
    """Return a chunk of one choice."""
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {
        "id": "c-1",
        "object": "chat.completion.chunk",
        "created": 1735689600,
        "model": "canned",
    }
    return {**head, "choices": [choice], **fields}


def data(*values: Json) -> bytes:
    """Return values as events."""
    return b"".join(b"data: %b\n\n" % json.dumps(value).encode() for value in values)


def _call(index: int, **fields: Any) -> Json:
    return {"tool_calls": [{"index": index, **fields}]}


def _begun(index: int, call_id: str, name: str) -> Json:
    return _call(index, id=call_id, type="function", function={"name": name, "arguments": ""})


def _more(index: int, arguments: str) -> Json:
    return _call(index, function={"arguments": arguments})


#: Two tools whose arguments come in turn.
TOOL_CHUNKS = [
    chunk({"role": "assistant", "content": None}),
    chunk(_begun(0, "call_a", "get_weather")),
    chunk(_begun(1, "call_b", "get_time")),
    chunk(_more(0, '{"city":')),
    chunk(_more(1, '{"zone":')),
    chunk(_more(0, '"Pärnu"}')),
    chunk(_more(1, '"EET"}')),
    chunk({}, "tool_calls"),
]

#: Two choices that come in turn.
TWO_CHOICES = [
    chunk({"role": "assistant", "content": "red"}, index=0),
    chunk({"role": "assistant", "content": "blue"}, index=1),
    chunk({"content": " one"}, index=1),
    chunk({"content": " two"}, index=0),
    chunk({}, "stop", index=0),
    chunk({}, "stop", index=1),
]

#: What no schema knows, and how it may stand on the wire.
ODD_EVENTS: Sequence[bytes] = (
    (
        b'{"id":"c-1","object":"chat.completion.chunk","created":1735689600,"model":"odd",'
        b'"x_groq":{"id":"req_1"},"choices":[{"index":0,"delta":{"role":"assistant",'
        b'"reasoning_content":"Hm, ","reasoning_details":[{"type":"text","n":1.50}]}}]}'
    ),
    (
        '{ "id":"c-1" ,"big":123456789012345678901234567890,"neg":-0.0,"E":1E+2,"choices":'
        '[{"index":0,"delta":{"content":"ü 漢 😀 \\u00fc \\ud83d\\ude00 \\/"},'
        '"finish_reason":null}]}'
    ).encode(),
    b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":2}],"timings":null}',
)


def _odd_wire() -> tuple[bytes, ...]:
    r"""Return them with a BOM, comments, fields of no use, `\r\n`, and cut in odd places."""
    wire = b"\xef\xbb\xbf: hello\r\n\r\nretry: 10\r\nevent: x\r\ndata:" + ODD_EVENTS[0]
    wire += b"\r\n\r\n: ping\n\nid: 7\ndata: " + ODD_EVENTS[1] + b"\n\n"
    head, tail = ODD_EVENTS[2].split(b',"timings"')
    wire += b"data: " + head + b'\ndata: ,"timings"' + tail + b"\n\ndata: [DONE]\n\n"
    return tuple(wire[start : start + 7] for start in range(0, len(wire), 7))


_SLOW = (*(data(chunk({"content": word})) for word in WORDS), data(chunk({}, "stop")) + DONE)
_TWO = data(chunk({"role": "assistant", "content": "half "}), chunk({"content": "an answer"}))

#: A long stream that comes fast: chunks, and bytes of each.
FLOOD, FLOOD_BYTES = 400, 64 * 1024
_FLOOD = data(chunk({"content": "x" * FLOOD_BYTES}))


def _without_options(body: bytes) -> SseAnswer | tuple[int, bytes]:
    """Answer as servers do that take no field which they do not know."""
    if b"stream_options" in body:
        return 422, b'{"error":{"message":"Extra inputs are not permitted","type":"invalid"}}'
    return SseAnswer((data(*TOOL_CHUNKS), DONE))


CANNED_STREAMS: dict[str, Answer] = {
    "sse-tools": SseAnswer((data(*TOOL_CHUNKS), DONE)),
    "sse-two-choices": SseAnswer((data(*TWO_CHOICES), DONE)),
    "sse-odd": SseAnswer(_odd_wire()),
    "sse-slow": SseAnswer(_SLOW, pause_s=PAUSE_S),
    "sse-late": SseAnswer((data(chunk({"content": "late"}), chunk({}, "stop")), DONE), late_s=3.0),
    "sse-cut": SseAnswer((_TWO,), pause_s=0.1, cut=True),
    "sse-ended": SseAnswer((_TWO,)),
    "sse-no-reason": SseAnswer((_TWO, DONE)),
    "sse-no-done": SseAnswer((_TWO, data(chunk({}, "length")))),
    "sse-no-options": _without_options,
    "sse-flood": SseAnswer((*[_FLOOD] * FLOOD, data(chunk({}, "stop")), DONE), pause_s=0.005),
    "sse-error": SseAnswer((_TWO, data({"error": TOLD_ERROR}))),
    "sse-error-first": SseAnswer((data({"error": TOLD_ERROR}),)),
    "sse-nothing": SseAnswer((b": hello\n\n", DONE)),
}
