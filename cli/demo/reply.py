"""A reply of the demo LLM, ready to be sent whole or as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """A piece of a stream, as it goes onto the wire. `pauses`: it is a word."""

    wire: bytes
    pauses: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer, its events, and how many words it takes. Embeddings have no events."""

    whole: dict[str, Any]
    events: Iterator[Event]
    words: int
    #: What is sent in the place of JSON, and what that is.
    raw: bytes | None = None
    content_type: str = "application/json"


def sse(value: dict[str, Any], name: str = "") -> bytes:
    """Return the value as a server-sent event, of this name if one is given."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()
