"""The events of a streamed message as OpenAI's chunks. Pure.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.providers.anthropic.response import THINKING, finish_reason, tool_call, usage

Json = dict[str, Any]


class ChunkStream:
    """One message on its way. Feed it the events in their order."""

    def __init__(self, created_s: int, *, include_usage: bool) -> None:
        self._created_s = created_s
        self._include_usage = include_usage
        self._id: object = None
        self._model: object = None
        self._usage: Json = {}
        #: The block that is being told, and the text of its input so far.
        self._block: Json = {}
        self._has_input = False
        self._calls = 0
        self._thoughts = 0

    def feed(self, event: Json) -> Iterator[Json]:
        """Yield the chunks that say what the event says; none for events that are new to us."""
        tell = {
            "message_start": self._start,
            "content_block_start": self._start_block,
            "content_block_delta": self._add,
            "content_block_stop": self._end_block,
            "message_delta": self._end,
            "message_stop": self._stop,
        }.get(str(event.get("type")))
        return iter(()) if tell is None else tell(event)

    def _start(self, event: Json) -> Iterator[Json]:
        message = event.get("message") or {}
        self._id, self._model = message.get("id"), message.get("model")
        self._count(message)
        yield self._delta({"role": "assistant"})

    def _start_block(self, event: Json) -> Iterator[Json]:
        self._block = dict(event.get("content_block") or {})
        kind = self._block.get("type")
        if kind == "tool_use":
            self._has_input = False
            call = tool_call(self._block, "")
            yield self._delta({"tool_calls": [{"index": self._calls, **call}]})
        elif kind in ("text", "thinking"):
            yield from self._told(kind, self._block.get(kind))

    def _add(self, event: Json) -> Iterator[Json]:
        delta = event.get("delta") or {}
        kind = delta.get("type")
        if kind == "input_json_delta" and self._block.get("type") == "tool_use":
            yield from self._add_input(delta.get("partial_json"))
        elif kind == "text_delta":
            yield from self._told("text", delta.get("text"))
        elif kind == "thinking_delta":
            piece = delta.get("thinking") or ""
            self._block["thinking"] = (self._block.get("thinking") or "") + piece
            yield from self._told("thinking", piece)
        elif kind == "signature_delta":
            # Told as a whole, whatever the block began with.
            self._block["signature"] = delta.get("signature")

    def _told(self, kind: str, text: str | None) -> Iterator[Json]:
        if text:
            yield self._delta({"content" if kind == "text" else "reasoning_content": text})

    def _add_input(self, piece: str | None) -> Iterator[Json]:
        if piece:
            self._has_input = True
            yield self._arguments(piece)

    def _end_block(self, _event: Json) -> Iterator[Json]:
        block, self._block = self._block, {}
        if block.get("type") == "tool_use":
            if not self._has_input:
                yield self._arguments("{}")
            self._calls += 1
        elif block.get("type") in THINKING:
            yield self._delta({"thinking_blocks": [{"index": self._thoughts, **block}]})
            self._thoughts += 1

    def _arguments(self, piece: str) -> Json:
        return self._delta(
            {"tool_calls": [{"index": self._calls, "function": {"arguments": piece}}]}
        )

    def _end(self, event: Json) -> Iterator[Json]:
        self._count(event)
        reason = (event.get("delta") or {}).get("stop_reason")
        if reason:
            yield self._delta({}, finish_reason(reason))

    def _stop(self, _event: Json) -> Iterator[Json]:
        if self._include_usage:
            yield self._chunk([]) | {"usage": usage(self._usage)}

    def _count(self, told: Json) -> None:
        # Later counts are of everything so far; what they leave out has not changed.
        counts = told.get("usage") or {}
        self._usage |= {name: count for name, count in counts.items() if count is not None}

    def _delta(self, delta: Json, reason: str | None = None) -> Json:
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": reason}])

    def _chunk(self, choices: list[Json]) -> Json:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created_s,
            "model": self._model,
            "choices": choices,
        }
