"""The end of a response's stream, where a server leaves it out or says too little in it.

OpenRouter's streams may end behind their last item, and some say at the end that the response is
completed and not what is in it. What was told in whole items is the answer all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.wire import response_events
from shared.wire.answers.said import object_of
from workers.providers.base import EndedWithoutDone

Json = dict[str, Any]

# Most events are pieces of items, and not even parsed.
_matters = re.compile(
    rb'"response\.(?:created|in_progress|output_item\.\w+|completed|incomplete|failed)"'
).search
#: Items behind which another one must come.
_THOUGHTS: Final = "reasoning"


def with_end(events: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the events, and the last one if it is missing; raises what they raise."""
    told = _Told()
    try:
        for event in events:
            yield told.taken(event)
    except EndedWithoutDone:
        end = told.missing_end()
        if end is None:
            raise
        yield end
    else:
        if (end := told.missing_end()) is not None:
            yield end


class _Told:
    """What a stream has told of its response."""

    def __init__(self) -> None:
        self._begun: Json = {}
        self._open: set[object] = set()
        self._items: dict[int, Json] = {}
        self._last = b""
        self._has_ended = False

    def taken(self, event: bytes) -> bytes:
        """Take an event in; return it, the last one with what is in the response."""
        self._last = event
        if _matters(event) is None:
            return event
        value = response_events.parse(event)
        kind, response = response_events.kind_of(value), object_of(value.get("response"))
        if kind in response_events.LAST:
            self._has_ended = True
            return self._filled(event, value, response)
        self._begun = response or self._begun
        if type(place := value.get("output_index")) is int:
            self._take_item(kind, place, object_of(value.get("item")))
        return event

    def missing_end(self) -> bytes | None:
        """Return the event that ends the response; None if it was told, or the response is cut."""
        output = self._output
        is_whole = bool(output) and not self._open and output[-1].get("type") != _THOUGHTS
        if self._has_ended or not is_whole or not self._begun:
            return None
        number = response_events.number_of(response_events.parse(self._last))
        event = {
            "type": "response.completed",
            "sequence_number": len(output) if number is None else number + 1,
            "response": self._begun | {"status": "completed", "output": output},
        }
        return to_json_bytes(event)

    @property
    def _output(self) -> list[Json]:
        return [item for _, item in sorted(self._items.items())]

    def _filled(self, event: bytes, value: Json, response: Json) -> bytes:
        status = response_events.kind_of(value).removeprefix("response.")
        whole = response or (self._begun and self._begun | {"status": status})
        said = whole
        if whole and not whole.get("output") and self._items:
            said = said | {"output": self._output}
        if response_events.is_unfinished(said):
            # Its type says more than what it was made of.
            said = said | {"status": status}
        return event if said is response else to_json_bytes(value | {"response": said})

    def _take_item(self, kind: str, place: int, item: Json) -> None:
        if kind == "response.output_item.added":
            self._open.add(place)
        elif kind == "response.output_item.done":
            self._open.discard(place)
            self._items[place] = item
