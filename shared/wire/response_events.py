"""The events of OpenAI's Responses API: their names, their numbers, and which one is the last.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from shared.codecs.json_text import members
from shared.wire.answers.said import objects, text_of

#: Events that end a stream in good order; each carries the whole response.
LAST: Final = frozenset(("response.completed", "response.incomplete", "response.failed"))
#: The event that says why a stream ends without any of those.
ERROR: Final = "error"
#: Statuses of responses that are still to come, which nobody asks a provider for.
UNFINISHED: Final = ("queued", "in_progress")

_may_be_last = re.compile(rb'"response\.(?:completed|incomplete|failed)"').search
_is_name = re.compile(r"[A-Za-z0-9_.\-]{1,100}").fullmatch


def is_unfinished(response: dict[str, Any]) -> bool:
    """Whether a response says that it is still to come."""
    return text_of(response.get("status")) in UNFINISHED


def finished(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response that has all its items, as one that says so: some do not."""
    items = objects(response.get("output"))
    is_whole = bool(items) and not is_unfinished(items[-1])
    if is_whole and is_unfinished(response):
        return response | {"status": "completed"}
    return response


def parse(event: bytes) -> dict[str, Any]:
    """Return the event as an object, an empty one for what is none."""
    try:
        value = json.loads(event)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def is_last(event: bytes) -> bool:
    """Whether nothing may follow this event. Cheap: most events are not even parsed."""
    return _may_be_last(event) is not None and kind_of(parse(event)) in LAST


def kind_of(event: dict[str, Any]) -> str:
    """Return the event's type, an empty one when it has none."""
    return text_of(event.get("type"))


def name_of(event: dict[str, Any]) -> str | None:
    """Return the event's name, None when it has none that a line could hold."""
    name = event.get("type")
    return name if isinstance(name, str) and _is_name(name) else None


def number_of(event: dict[str, Any]) -> int | None:
    """Return the event's `sequence_number`, None when it has none."""
    number = event.get("sequence_number")
    return number if type(number) is int else None


def response_id_of(event: dict[str, Any]) -> str | None:
    """Return the id of the response that the event carries, None when it carries none."""
    response = event.get("response")
    told = response.get("id") if isinstance(response, dict) else None
    return told if isinstance(told, str) else None


class ResponseFold:
    """The response that a stream has told: its last event carries all of it, as it is to be."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: bytes | None = None

    def add(self, event: dict[str, Any], text: bytes) -> None:
        """Take in the next event, parsed and as it is written."""
        if kind_of(event) in LAST and isinstance(event.get("response"), dict):
            self._last = text

    def finish(self) -> None:
        """Take in that the server says it is done: that alone makes no response whole."""

    @property
    def is_complete(self) -> bool:
        """Whether the last event was there: nothing broke off."""
        return self._last is not None

    def whole(self) -> bytes:
        """Return the response as the provider wrote it. Raises MalformedJson."""
        text = (self._last or b"{}").decode("utf-8")
        told = [member for member in members(text) if member.name == "response"]
        return text[told[-1].value_start : told[-1].end].encode("utf-8")
