"""A good answer of each kind: what the rude ones are made of. It says TEXT."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.support.anthropic_wire import events_of
from tests.upstreams import kinds, wire
from tests.upstreams.kinds import Json, Kind

TEXT = "Hello there"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def chunk(delta: Json | None, finish: str | None = None, **fields: Any) -> Json:
    """Return a chunk of a chat; without a delta, one that has no choices."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1735689600, "model": "m"}
    return {**head, "choices": [] if delta is None else [choice], **fields}


def completion(message: Json | None = None, finish: str = "stop", **fields: Any) -> Json:
    """Return a whole chat."""
    said = {"role": "assistant", "content": TEXT} if message is None else message
    choice = {"index": 0, "message": said, "finish_reason": finish}
    head = {"id": "c-1", "object": "chat.completion", "created": 1735689600, "model": "m"}
    return {**head, "choices": [choice], "usage": USAGE, **fields}


MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
_PART: Json = {"type": "output_text", "text": TEXT, "annotations": []}
_ITEM: Json = {"id": "i", "type": "message", "role": "assistant", "content": [_PART]}
RESPONSE: Json = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1735689600,
    "status": "completed",
    "error": None,
    "model": "m",
    "output": [{**_ITEM, "status": "completed"}],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}
_GENERATION: Json = {"model": "m", "created_at": "2026-01-02T03:04:05Z"}
_TEXT_HEAD: Json = {"id": "t-1", "object": "text_completion", "created": 1735689600, "model": "m"}


def _text(text: str, finish: str | None = None, **fields: Any) -> Json:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {**_TEXT_HEAD, "choices": [choice], **fields}


_BODIES: dict[str, Json] = {
    kinds.CHAT.name: completion(),
    kinds.TEXT.name: _text(TEXT, "stop", usage=USAGE),
    kinds.RESPONSE.name: RESPONSE,
    kinds.EMBEDDING.name: {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.1, -0.2]}],
        "model": "m",
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    },
    kinds.CLAUDE.name: MESSAGE,
    kinds.GENERATION.name: {**_GENERATION, "response": TEXT, "done": True, "done_reason": "stop"},
}
CHUNKS = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hello "}),
    chunk({"content": "there"}),
    chunk({}, "stop"),
    chunk(None, usage=USAGE),
)
_RESPONSE_EVENTS = (
    {"type": "response.created", "sequence_number": 0, "response": {**RESPONSE, "output": []}},
    {"type": "response.output_text.delta", "sequence_number": 1, "delta": TEXT},
    {"type": "response.completed", "sequence_number": 2, "response": RESPONSE},
)


def body(kind: Kind) -> Json:
    """Return the whole answer, also of a kind that streams."""
    return _BODIES[kind.name.removesuffix("-stream")]


def values(kind: Kind) -> Sequence[Json]:
    """Return what the events, or the lines, of a stream say."""
    return {
        kinds.CHAT_STREAM: CHUNKS,
        kinds.TEXT_STREAM: (_text("Hello "), _text("there"), _text("", "stop")),
        kinds.RESPONSE_STREAM: _RESPONSE_EVENTS,
        kinds.CLAUDE_STREAM: tuple(events_of(MESSAGE, 6)),
        kinds.GENERATION_STREAM: (
            {**_GENERATION, "response": "Hello ", "done": False},
            {**_GENERATION, "response": "there", "done": False},
            {**_GENERATION, "response": "", "done": True, "done_reason": "stop"},
        ),
    }[kind]


def pieces(kind: Kind) -> list[bytes]:
    """Return the body of a good answer in the pieces in which it is sent."""
    if not kind.streamed:
        return [json.dumps(body(kind)).encode()]
    if kind is kinds.GENERATION_STREAM:
        return [json.dumps(value).encode() + b"\n" for value in values(kind)]
    named = kind in (kinds.CLAUDE_STREAM, kinds.RESPONSE_STREAM)
    sent = [wire.event(value, value["type"] if named else None) for value in values(kind)]
    return sent if named else [*sent, wire.DONE]


def media_type(kind: Kind) -> str:
    """Return the Content-Type of a good answer."""
    if not kind.streamed:
        return wire.JSON
    return wire.NDJSON if kind is kinds.GENERATION_STREAM else wire.SSE


def answer(kind: Kind) -> list[bytes]:
    """Return a good answer as it goes onto the wire."""
    head = wire.head(media_type(kind), transfer_encoding="chunked")
    return [head, *wire.chunked(pieces(kind))]
