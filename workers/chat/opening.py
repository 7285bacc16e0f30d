"""Holds the first chunks of a stream back until one has content.

A stream begins with chunks that only name the speaker. As long as nothing else was passed on, a
provider that fails then has said nothing, and another one can be asked.
"""

from __future__ import annotations

from typing import Any, Final

from shared.operation import Operation
from workers.chat.relay import Relay

Json = dict[str, Any]

#: So many chunks are held at most: servers send one or two.
_MOST_HELD: Final = 8
#: Events with which a response begins, before it says anything.
_BEGINNINGS: Final = frozenset(("response.created", "response.queued", "response.in_progress"))
#: Members of a delta that say nothing.
_SPEAKER: Final = frozenset(("role", "name"))


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
        return value.get("type") not in _BEGINNINGS
    if operation is Operation.OLLAMA_GENERATE:
        return bool(value.get("response") or value.get("thinking") or value.get("done"))
    choices = value.get("choices")
    return any(_choice_says(choice) for choice in choices) if isinstance(choices, list) else False


def adds_to_answer(value: Json) -> bool:
    """Whether a chunk has a piece of what is said, whoever speaks and however it ends. Pure."""
    choices = value.get("choices")
    return any(_adds(choice) for choice in choices) if isinstance(choices, list) else False


def _choice_says(choice: Any) -> bool:
    return isinstance(choice, dict) and (bool(choice.get("finish_reason")) or _adds(choice))


def _adds(choice: Any) -> bool:
    if not isinstance(choice, dict):
        return False
    delta = choice.get("delta")
    members = delta if isinstance(delta, dict) else {}
    said = (each for name, each in members.items() if name not in _SPEAKER)
    return bool(choice.get("text")) or any(said)
