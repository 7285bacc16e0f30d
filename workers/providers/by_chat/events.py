"""The chunks of a chat as the events of a response. Pure.

Items follow each other: what was thought, what is said, calls of tools; these may be told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from shared.wire.answers.call_pieces import Calls, CallSoFar
from shared.wire.answers.finish_reasons import reason_in
from shared.wire.answers.said import object_of, objects, said_in, text_of, thought_in
from workers.providers.by_chat import response
from workers.providers.by_chat.output import Call, Item, Message, Thought

Json = dict[str, Any]


class ResponseEvents:
    """One response on its way. Feed it the chunks in their order."""

    def __init__(self, asked: Json, name: str, created_s: int) -> None:
        """`name` is what the ids of the response and its items have in common."""
        self._name = name
        self._before = response.begun(asked, f"resp_{name}", created_s)
        self._numbers = count()
        self._items: list[Item] = []
        self._told_calls = Calls()
        self._calls: dict[CallSoFar, Call] = {}
        self._said: Message | None = None
        self._thought: Thought | None = None
        self._reason: str | None = None
        self._told: Json = {}
        self._has_begun = False
        #: What it has become, once it has ended.
        self.response: Json | None = None

    @property
    def has_answer(self) -> bool:
        """Whether the chat has said why it ends: what may still come is its usage."""
        return self._reason is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was told, not even that nothing is said."""
        return not (self._items or self.has_answer)

    def feed(self, chunk: Json) -> Iterator[Json]:
        """Yield the events that say what the chunk says."""
        yield from self._begin()
        told = {"model": text_of(chunk.get("model")), "usage": object_of(chunk.get("usage"))}
        self._told |= {name: value for name, value in told.items() if value}
        # One was asked for, whatever number it has.
        for choice in objects(chunk.get("choices"))[:1]:
            yield from self._numbered(self._choice(choice))

    def finish(self) -> Iterator[Json]:
        """Yield what ends the response: it is whole, or was cut as its reason says."""
        yield from self._begin()
        status = response.ended(self._before, self._reason, [], {})["status"]
        yield from self._numbered(self._close(self._said, self._thought, status=status))
        yield from self._numbered(self._close(*self._calls.values(), status=status))
        output = [item.whole for item in self._items]
        self.response = response.ended(self._before, self._reason, output, self._told)
        event = {"type": f"response.{status}", "response": self.response}
        yield from self._numbered(iter((event,)))

    def _begin(self) -> Iterator[Json]:
        if not self._has_begun:
            self._has_begun = True
            kinds = ("response.created", "response.in_progress")
            events = ({"type": kind, "response": self._before} for kind in kinds)
            yield from self._numbered(events)

    def _numbered(self, events: Iterator[Json]) -> Iterator[Json]:
        for event in events:
            yield {"sequence_number": next(self._numbers), **event}

    def _choice(self, choice: Json) -> Iterator[Json]:
        delta = object_of(choice.get("delta"))
        if thought := thought_in(delta):
            yield from self._think(thought)
        for block in objects(delta.get("thinking_blocks")):
            yield from self._think("")
            if self._thought:
                own = {name: value for name, value in block.items() if name != "index"}
                self._thought.blocks.append(own)
        for kind, text in (("output_text", said_in(delta)), ("refusal", delta.get("refusal"))):
            if isinstance(text, str) and text:
                yield from self._say(kind, text)
        for number, call in enumerate(objects(delta.get("tool_calls"))):
            yield from self._call(call, is_first=number == 0)
        self._reason = text_of(reason_in(choice)) or self._reason

    def _think(self, piece: str) -> Iterator[Json]:
        if self._thought is None:
            yield from self._close(self._said)
            self._said = None
            self._thought = Thought(f"rs_{self._name}_{len(self._items)}", len(self._items))
            self._items.append(self._thought)
            yield from self._thought.open()
        if piece:
            yield from self._thought.add(piece)

    def _say(self, kind: str, piece: str) -> Iterator[Json]:
        yield from self._close(self._thought)
        self._thought = None
        if self._said is None:
            self._said = Message(f"msg_{self._name}_{len(self._items)}", len(self._items))
            self._items.append(self._said)
            yield from self._said.open()
        yield from self._said.tell(kind, piece)

    def _call(self, piece: Json, *, is_first: bool) -> Iterator[Json]:
        yield from self._close(self._thought, self._said)
        self._thought = self._said = None
        told, arguments = self._told_calls.add(piece, is_first=is_first)
        call = self._calls.get(told)
        if call is None:
            name = f"fc_{self._name}_{len(self._items)}"
            call = Call(name, len(self._items), told.id or name, told.name)
            self._calls[told] = call
            self._items.append(call)
            yield from call.open()
        call.name = told.name
        if arguments:
            yield from call.add(arguments)

    def _close(self, *items: Item | None, status: str = "completed") -> Iterator[Json]:
        for item in items:
            if item is not None:
                yield from item.close(status)
