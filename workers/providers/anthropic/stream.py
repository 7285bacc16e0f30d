"""The events of a streamed message as OpenAI's chunks. Pure.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from shared.wire.answers.call_pieces import arguments_text, index_of
from shared.wire.answers.said import object_of, text_of
from workers.providers.anthropic.response import (
    THINKING,
    arguments,
    finish_reason,
    tool_call,
    usage,
)
from workers.providers.anthropic.tool_names import AS_THEY_ARE, ToolNames

Json = dict[str, Any]

#: With this some begin each input; what it is follows. It is told where nothing does, at the end.
_NO_INPUT: Final = "{}"


@dataclass(slots=True)
class _Block:
    """A block that is being told. `place`: its number among the calls, or among the thoughts."""

    told: Json = field(default_factory=dict)
    place: int = 0
    has_input: bool = False
    #: The text with which it began, as long as it is not told.
    untold: str = ""

    @property
    def kind(self) -> str:
        return text_of(self.told.get("type"))


class ChunkStream:
    """One message on its way. Feed it the events in their order; its blocks may be interleaved."""

    def __init__(
        self, created_s: int, names: ToolNames = AS_THEY_ARE, *, include_usage: bool
    ) -> None:
        self._names = names
        self._created_s = created_s
        self._include_usage = include_usage
        self._id: object = None
        self._model: object = None
        self._usage: Json = {}
        #: By their index in the message, those that are being told.
        self._blocks: dict[object, _Block] = {}
        self._calls = 0
        self._thoughts = 0
        self._has_blocks = False
        #: Whether it has said why it ends, or that it does.
        self._has_reason = False
        self._ended = False
        #: Whether anything of the message was told.
        self.has_begun = False

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

    def finish(self) -> Iterator[Json]:
        """Yield what is told at the end of a stream, whether or not it said that it ends."""
        for index in list(self._blocks):
            yield from self._end_block({"index": index})
        if self._ended and not self._has_reason:
            # It ends in good order, and clients wait to be told why.
            yield self._delta({}, "tool_calls" if self._calls else "stop")
        if self._include_usage and self._ended:
            yield self._chunk([]) | {"usage": usage(self._usage)}

    def end(self) -> None:
        """Take in that nothing follows, as some say who speak this API, and OpenAI's."""
        self._ended = self._has_reason or self._has_blocks

    def _start(self, event: Json) -> Iterator[Json]:
        self.has_begun = True
        message = object_of(event.get("message"))
        self._id, self._model = message.get("id"), message.get("model")
        self._count(message)
        yield self._delta({"role": "assistant"})

    def _start_block(self, event: Json) -> Iterator[Json]:
        # One that was never told to be over, and whose place is taken now.
        yield from self._end_block(event)
        self.has_begun = True
        block = _Block(dict(object_of(event.get("content_block"))))
        self._blocks[index_of(event)] = block
        self._has_blocks = True
        if block.kind == "tool_use":
            block.place, self._calls = self._calls, self._calls + 1
            call = tool_call(block.told, "", self._names)
            yield self._delta({"tool_calls": [{"index": block.place, **call}]})
        elif block.kind in THINKING:
            block.place, self._thoughts = self._thoughts, self._thoughts + 1
        if block.kind in ("text", "thinking"):
            block.untold = text_of(block.told.get(block.kind))

    def _add(self, event: Json) -> Iterator[Json]:
        block = self._blocks.get(index_of(event)) or _Block()
        delta = object_of(event.get("delta"))
        kind = delta.get("type")
        if kind == "input_json_delta" and block.kind == "tool_use":
            yield from self._add_input(block, arguments_text(delta.get("partial_json")))
        elif kind == "text_delta":
            yield from self._add_text(block, "text", text_of(delta.get("text")))
        elif kind == "thinking_delta":
            yield from self._add_text(block, "thinking", text_of(delta.get("thinking")))
        elif kind == "signature_delta":
            # Told as a whole, whatever the block began with.
            block.told["signature"] = delta.get("signature")

    def _add_text(self, block: _Block, kind: str, piece: str) -> Iterator[Json]:
        begun = block.untold
        if begun and piece and (piece.startswith(begun) or begun.startswith(piece)):
            # Said once more from its beginning, as some who speak this API do (MiniMax).
            block.told[kind] = block.untold = ""
        yield from self._tell_beginning(block)
        if kind == "thinking":
            # Thoughts are told once more as a whole, with their signature.
            block.told[kind] = text_of(block.told.get(kind)) + piece
        yield from self._told(kind, piece)

    def _tell_beginning(self, block: _Block) -> Iterator[Json]:
        begun, block.untold = block.untold, ""
        yield from self._told(block.kind, begun)

    def _told(self, kind: str, text: str) -> Iterator[Json]:
        if text:
            yield self._delta({"content" if kind == "text" else "reasoning_content": text})

    def _add_input(self, block: _Block, piece: str) -> Iterator[Json]:
        if piece and (block.has_input or piece != _NO_INPUT):
            block.has_input = True
            yield self._arguments(block, piece)

    def _end_block(self, event: Json) -> Iterator[Json]:
        block = self._blocks.pop(index_of(event), None)
        if block is None:
            return
        yield from self._tell_beginning(block)
        if block.kind == "tool_use" and not block.has_input:
            # All at once, where it began; an empty object if nothing was said.
            yield self._arguments(block, arguments(block.told.get("input")))
        elif block.kind in THINKING:
            yield self._delta({"thinking_blocks": [{"index": block.place, **block.told}]})

    def _arguments(self, block: _Block, piece: str) -> Json:
        return self._delta(
            {"tool_calls": [{"index": block.place, "function": {"arguments": piece}}]}
        )

    def _end(self, event: Json) -> Iterator[Json]:
        self._count(event)
        for index in list(self._blocks):
            # Not told to be over, and yet there is nothing to come.
            yield from self._end_block({"index": index})
        reason = object_of(event.get("delta")).get("stop_reason")
        if reason:
            self._ended = self._has_reason = True
            yield self._delta({}, finish_reason(reason))

    def _stop(self, _event: Json) -> Iterator[Json]:
        self._ended = True
        return iter(())

    def _count(self, told: Json) -> None:
        # Later counts are of everything so far; what they leave out has not changed.
        counts = object_of(told.get("usage"))
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
