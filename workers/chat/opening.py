"""Holds the first chunks of a stream back until one has content.

A stream begins with chunks that only name the speaker. As long as nothing else was passed on, a
provider that fails then has said nothing, and another one can be asked.
"""

from __future__ import annotations

from typing import Any, Final

from shared.operation import Operation
from shared.wire.answers.finish_reasons import reason_in
from shared.wire.answers.said import objects, text_of
from workers.chat.relay import Relay
from workers.providers.answers.ending import adds

Json = dict[str, Any]

#: So many chunks are held at most: servers send one or two.
_MOST_HELD: Final = 8
#: Events with which a response begins, before it says anything; signs of life say nothing either.
_BEGINNINGS: Final = frozenset(("response.created", "response.queued", "response.in_progress"))
_OF_A_RESPONSE: Final = "response."


class Opening:
    """The way of a stream's chunks to its relay."""

    __slots__ = ("_held", "_is_open", "_operation", "_relay")

    def __init__(self, relay: Relay, operation: Operation) -> None:
        self._relay = relay
        self._operation = operation
        self._held: list[bytes] = []
        self._is_open = False

    def send(self, shown: bytes, value: Json) -> None:
        """Pass a chunk on, or hold it back. Raises StreamRefused."""
        if self._is_open:
            self._relay.send(shown)
            return
        self._held.append(shown)
        if says_something(self._operation, value) or len(self._held) >= _MOST_HELD:
            self.end()

    def end(self) -> None:
        """Pass on what is held. Raises StreamRefused."""
        self._is_open = True
        held, self._held = self._held, []
        for shown in held:
            self._relay.send(shown)


def says_something(operation: Operation, value: Json) -> bool:
    """Whether a chunk says more than who speaks. Pure."""
    if operation is Operation.RESPONSE:
        kind = text_of(value.get("type"))
        return kind.startswith(_OF_A_RESPONSE) and kind not in _BEGINNINGS
    if operation is Operation.OLLAMA_GENERATE:
        return bool(value.get("response") or value.get("thinking") or value.get("done"))
    return any(adds(choice) or reason_in(choice) for choice in objects(value.get("choices")))
