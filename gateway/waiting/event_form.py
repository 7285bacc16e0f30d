"""How a job's chunks look as server-sent events: each API of OpenAI has its own form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from shared.codecs import sse
from shared.codecs.json_bytes import to_json_bytes
from shared.operation import Operation
from shared.wire import response_events

_DONE: Final = b"[DONE]"
_EVENTS: Final = "text/event-stream"
_COMMENT: Final = b": keep-alive\n\n"


class EventForm(Protocol):
    """Writes the events of one stream."""

    @property
    def mimetype(self) -> str:
        """What the stream is."""
        ...

    #: What is sent when nothing else was for a while; nothing where the form has no such thing.
    keep_alive: bytes

    def opens(self, first: bytes) -> None:
        """Look at the first chunk, before the head of the answer is written."""
        ...

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return a chunk as an event; nothing for one that the client has."""
        ...

    def rest(self) -> Iterable[bytes]:
        """Return what follows the end of a stream that is whole, in pieces."""
        ...

    def done(self) -> bytes:
        """Return what follows the last chunk of a stream that is whole."""
        ...

    def failed(self, body: bytes) -> bytes:
        """Return the event that ends a stream which is not, made of the job's error body."""
        ...


class AllInChunks:
    """Of forms whose chunks tell all that there is."""

    def opens(self, first: bytes) -> None:
        """Do nothing: all streams begin alike."""

    def rest(self) -> Iterable[bytes]:
        """Return nothing."""
        return ()


class ChunkEvents(AllInChunks):
    """Chats and text completions: data alone, and `[DONE]` at the end."""

    mimetype = _EVENTS
    keep_alive = _COMMENT

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return a chunk as an event."""
        return sse.encode(chunk, event_id)

    def done(self) -> bytes:
        """Return the end."""
        return sse.encode(_DONE)

    def failed(self, body: bytes) -> bytes:
        """Return the error, as OpenAI's SDK reads it."""
        return sse.encode(body)


class ResponseEvents(AllInChunks):
    """Responses: each event has its name, and the last one is the provider's own.

    `after` is the number of the last event that the client has. `tell` hears the response's id
    before the client does.
    """

    mimetype = _EVENTS
    keep_alive = _COMMENT

    def __init__(
        self, after: int | None = None, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self._after = -1 if after is None else after
        self._tell = tell
        self._told = False
        self._last = -1

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return a chunk as an event; nothing for one that the client has."""
        event = response_events.parse(chunk)
        self._tell_id(event)
        number = response_events.number_of(event)
        if number is not None:
            self._last = max(self._last, number)
            if number <= self._after:
                return b""
        return sse.encode(chunk, event_id, name=response_events.name_of(event))

    def done(self) -> bytes:
        """Return nothing: the last chunk said it."""
        return b""

    def failed(self, body: bytes) -> bytes:
        """Return the error event, with the one error body for SDKs that look for `error`."""
        whole: dict[str, Any] = json.loads(body)
        error = whole["error"]
        told = {name: error.get(name) for name in ("code", "message", "param")}
        event = {"type": response_events.ERROR, "sequence_number": self._last + 1, **told}
        return sse.encode(to_json_bytes({**whole, **event}), name=response_events.ERROR)

    def _tell_id(self, event: dict[str, Any]) -> None:
        if not self._told and (response_id := response_events.response_id_of(event)):
            self._told = True
            self._tell(response_id)


class OllamaLines(AllInChunks):
    """Ollama's own API: no events but a JSON object a line, of which the last one says `done`."""

    mimetype = "application/x-ndjson"
    keep_alive = b""

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return a chunk as a line."""
        del event_id
        return chunk + b"\n"

    def done(self) -> bytes:
        """Return nothing: the last line said it."""
        return b""

    def failed(self, body: bytes) -> bytes:
        """Return the line that Ollama ends with when it fails: the error is a text there."""
        message = json.loads(body)["error"]["message"]
        return to_json_bytes({"error": message}) + b"\n"


def form_of(operation: Operation) -> EventForm:
    """Return the form of this operation's streams, from their start."""
    return ResponseEvents() if operation is Operation.RESPONSE else ChunkEvents()
