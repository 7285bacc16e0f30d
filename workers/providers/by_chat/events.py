"""The chunks of a chat as the events of a response. Pure.

Items follow each other: what was thought, what is said, calls of tools; these may be told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

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
        self._calls: dict[object, Call] = {}
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
    def has_usage(self) -> bool:
        """Whether nothing more is to come."""
        return bool(self._told.get("usage"))

    def feed(self, chunk: Json) -> Iterator[Json]:
        """Yield the events that say what the chunk says."""
        yield from self._begin()
        for name in ("model", "usage"):
            if chunk.get(name):
                self._told[name] = chunk[name]
        for choice in chunk.get("choices") or ():
            if not choice.get("index"):
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
        delta = choice.get("delta") or {}
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and thought:
            yield from self._think(thought)
        for block in delta.get("thinking_blocks") or ():
            yield from self._think("")
            if self._thought:
                own = {name: value for name, value in block.items() if name != "index"}
                self._thought.blocks.append(own)
        for kind, text in (("output_text", "content"), ("refusal", "refusal")):
            if isinstance(delta.get(text), str) and delta[text]:
                yield from self._say(kind, delta[text])
        for number, call in enumerate(delta.get("tool_calls") or ()):
            index = call.get("index")
            yield from self._call(number if index is None else index, call)
        self._reason = choice.get("finish_reason") or self._reason

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

    def _call(self, place: object, told: Json) -> Iterator[Json]:
        yield from self._close(self._thought, self._said)
        self._thought = self._said = None
        function = told.get("function") or {}
        call = self._calls.get(place)
        if call is not None and _is_another(call, told):
            # Some servers give the same index to all calls: this one is told to its end.
            yield from self._close(self._calls.pop(place))
            call = None
        if call is None:
            name = f"fc_{self._name}_{len(self._items)}"
            call = Call(name, len(self._items), told.get("id") or name, function.get("name"))
            self._calls[place] = call
            self._items.append(call)
            yield from call.open()
        if function.get("arguments"):
            yield from call.add(function["arguments"])

    def _close(self, *items: Item | None, status: str = "completed") -> Iterator[Json]:
        for item in items:
            if item is not None:
                yield from item.close(status)


def _is_another(call: Call, told: Json) -> bool:
    """Whether what comes at the place of a call is one of its own: it has a name and another id."""
    has_name = bool((told.get("function") or {}).get("name"))
    return has_name and told.get("id") not in (None, "", call.call_id)
