"""Chats that are told as completions of a text, and texts that are told as chats. Pure.

Some servers have one of the two alone, and answer at both addresses with it. Who asked gets the
shape of what was asked.
"""

from __future__ import annotations

from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.operation import Operation
from shared.wire.answers.said import object_of, objects, said_in

Json = dict[str, Any]

#: The member of a choice that holds a text, and those that hold a message, or a piece of one.
_TEXT: Final = "text"
_MESSAGES: Final = ("message", "delta")


def is_usual(operation: Operation, event: bytes) -> bool:
    """Whether a chunk is in the shape of its operation: most are, and not even parsed."""
    if operation is Operation.CHAT:
        return b'"delta"' in event
    return operation is not Operation.COMPLETION or b'"text"' in event


def reshaped(operation: Operation, event: bytes) -> bytes:
    """Return a chunk in the shape of its operation; what is none as it is."""
    try:
        value = parse(event)
    except ValueError:
        return event
    told = in_shape(operation, value)
    return event if told is value else to_json_bytes(told)


def in_shape(operation: Operation, value: Any) -> Any:
    """Return an answer, or a chunk of one, as a chunk of its operation; others as they are."""
    choices = objects(object_of(value).get("choices"))
    if operation is Operation.CHAT and any(map(_is_no_message, choices)):
        changed = [_as_delta(one) if _is_no_message(one) else one for one in choices]
        return value | {"object": "chat.completion.chunk", "choices": changed}
    if operation is Operation.COMPLETION and any(_TEXT not in choice for choice in choices):
        changed = [one if _TEXT in one else _as_text(one) for one in choices]
        return value | {"object": "text_completion", "choices": changed}
    return value


def _is_no_message(choice: Json) -> bool:
    return not any(name in choice for name in _MESSAGES)


def _as_delta(choice: Json) -> Json:
    text = choice.get(_TEXT)
    delta = {"content": text} if isinstance(text, str) else {}
    return _without(choice, _TEXT) | {"delta": delta}


def _as_text(choice: Json) -> Json:
    message = next((told for name in _MESSAGES if (told := object_of(choice.get(name)))), {})
    return _without(choice, *_MESSAGES) | {_TEXT: said_in(message), "logprobs": None}


def _without(choice: Json, *names: str) -> Json:
    """Return the choice without these, and without probabilities, which have a shape too."""
    return {name: value for name, value in choice.items() if name not in (*names, "logprobs")}
