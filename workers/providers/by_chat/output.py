"""The items of a response's output while a chat tells them, each with its events. Pure.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from shared.wire.answers.call_pieces import told_once
from workers.providers.by_chat.thoughts import packed

Json = dict[str, Any]

#: The status of an item that is told to its end, whole or not.
_DONE: Final = "completed"


class Item(Protocol):
    """An item that is being told."""

    def add(self, piece: str) -> Iterator[Json]:
        """Yield the events that say what comes."""
        ...

    def close(self, status: str = _DONE) -> Iterator[Json]:
        """Yield the events that say it is whole, or that no more comes."""
        ...

    @property
    def whole(self) -> Json:
        """The item as it is now."""
        ...


def _added(index: int, item: Json) -> Json:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def _done(index: int, item: Json) -> Json:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


@dataclass(slots=True)
class Message:
    """What the assistant says, or that it will not say it: parts of text and of refusal."""

    id: str
    index: int
    status: str = "in_progress"
    parts: list[Json] = field(default_factory=list)

    def open(self) -> Iterator[Json]:
        """Yield the events with which it begins."""
        yield _added(self.index, self.whole)

    def add(self, piece: str) -> Iterator[Json]:
        """Yield the events of a piece of text."""
        yield from self.tell("output_text", piece)

    def tell(self, kind: str, piece: str) -> Iterator[Json]:
        """Yield the events of a piece: of `output_text`, or of a `refusal`."""
        if not self.parts or self.parts[-1]["type"] != kind:
            yield from self._end_part()
            self.parts.append(_empty(kind))
            yield {"type": "response.content_part.added", **self._at, "part": _empty(kind)}
        self.parts[-1][_TEXTS[kind]] += piece
        yield {"type": f"response.{kind}.delta", **self._at, "delta": piece, **_logprobs(kind)}

    def close(self, status: str = _DONE) -> Iterator[Json]:
        """Yield the events with which it ends."""
        yield from self._end_part()
        self.status = status
        yield _done(self.index, self.whole)

    @property
    def whole(self) -> Json:
        """The item as it is now."""
        parts = [dict(part) for part in self.parts]
        head = {"id": self.id, "type": "message", "role": "assistant"}
        return {**head, "status": self.status, "content": parts}

    @property
    def _at(self) -> Json:
        at = {"item_id": self.id, "output_index": self.index}
        return {**at, "content_index": len(self.parts) - 1}

    def _end_part(self) -> Iterator[Json]:
        if self.parts:
            part = dict(self.parts[-1])
            kind, name = part["type"], _TEXTS[part["type"]]
            told = {name: part[name], **_logprobs(kind)}
            yield {"type": f"response.{kind}.done", **self._at, **told}
            yield {"type": "response.content_part.done", **self._at, "part": part}


_TEXTS: Final = {"output_text": "text", "refusal": "refusal"}


def _empty(kind: str) -> Json:
    if kind == "refusal":
        return {"type": kind, "refusal": ""}
    return {"type": kind, "text": "", "annotations": [], "logprobs": []}


def _logprobs(kind: str) -> Json:
    return {"logprobs": []} if kind == "output_text" else {}


@dataclass(slots=True)
class Call:
    """A call of a tool."""

    id: str
    index: int
    call_id: object
    name: object
    arguments: str = ""
    status: str = "in_progress"

    def open(self) -> Iterator[Json]:
        """Yield the events with which it begins."""
        yield _added(self.index, self.whole)

    def add(self, piece: str) -> Iterator[Json]:
        """Yield the events of a piece of its arguments."""
        self.arguments += piece
        yield {"type": "response.function_call_arguments.delta", **self._at, "delta": piece}

    def close(self, status: str = _DONE) -> Iterator[Json]:
        """Yield the events with which it ends."""
        # Whose function takes none may be told none.
        self.arguments = told_once(self.arguments) or "{}"
        told = {"arguments": self.arguments, "name": self.name}
        yield {"type": "response.function_call_arguments.done", **self._at, **told}
        self.status = status
        yield _done(self.index, self.whole)

    @property
    def whole(self) -> Json:
        """The item as it is now."""
        head = {"id": self.id, "type": "function_call", "status": self.status}
        return {**head, "call_id": self.call_id, "name": self.name, "arguments": self.arguments}

    @property
    def _at(self) -> Json:
        return {"item_id": self.id, "output_index": self.index}


@dataclass(slots=True)
class Thought:
    """What a model thought before it spoke; `blocks` are the provider's own, to be sent back."""

    id: str
    index: int
    text: str = ""
    blocks: list[Json] = field(default_factory=list)

    def open(self) -> Iterator[Json]:
        """Yield the events with which it begins."""
        yield _added(self.index, self.whole)

    def add(self, piece: str) -> Iterator[Json]:
        """Yield the events of a piece of it."""
        self.text += piece
        yield {"type": "response.reasoning_text.delta", **self._at, "delta": piece}

    def close(self, status: str = _DONE) -> Iterator[Json]:  # noqa: ARG002 - it has none
        """Yield the events with which it ends."""
        if self.text:
            yield {"type": "response.reasoning_text.done", **self._at, "text": self.text}
        yield _done(self.index, self.whole)

    @property
    def whole(self) -> Json:
        """The item as it is now."""
        content = [{"type": "reasoning_text", "text": self.text}] if self.text else []
        item: Json = {"id": self.id, "type": "reasoning", "summary": [], "content": content}
        return item | ({"encrypted_content": packed(self.blocks)} if self.blocks else {})

    @property
    def _at(self) -> Json:
        return {"item_id": self.id, "output_index": self.index, "content_index": 0}
