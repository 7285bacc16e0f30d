"""Reads server-sent events as a browser's EventSource does, and remembers where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `id` is None when it has none, `name` when it is a usual one."""

    id: str | None
    data: str
    name: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether it says that the stream is whole."""
        return self.data == "[DONE]"

    @property
    def json(self) -> Any:
        """The data as a value."""
        return json.loads(self.data)

    @property
    def text(self) -> str:
        """The text that it adds to the first choice."""
        if self.is_done or "error" in self.json:
            return ""
        choices = self.json["choices"]
        return (choices[0]["delta"].get("content") or "") if choices else ""


def events(response: requests.Response) -> Iterator[Event]:
    """Yield the usual events of a response, which an EventSource gives to `onmessage`."""
    return (event for event in all_events(response) if event.name is None)


def all_events(response: requests.Response) -> Iterator[Event]:
    """Yield the events of a response that is read while it comes, the named ones too."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    unread = b""
    for piece in response.iter_content(None):
        *blocks, unread = (unread + piece).split(b"\n\n")
        yield from filter(None, map(_event, blocks))
    assert not unread


def text_of(read: list[Event]) -> str:
    """Return the text that the events make together."""
    return "".join(event.text for event in read)


def _event(block: bytes) -> Event | None:
    lines = [line.partition(": ") for line in block.decode("utf-8").split("\n")]
    datas = [value for name, _, value in lines if name == "data"]
    ids = [value for name, _, value in lines if name == "id"]
    names = [value for name, _, value in lines if name == "event"]
    if not datas:
        return None
    return Event(ids[0] if ids else None, "\n".join(datas), names[0] if names else None)
