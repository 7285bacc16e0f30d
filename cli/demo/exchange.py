"""One request of the demo LLM on its way to an answer, and the wait for it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from http.client import responses
from typing import Any

import gevent
from gevent import socket as gsocket

from cli.demo.answers import Json
from cli.demo.recording import RecordedRequest
from cli.wsgi_thread import ConnectionDropped, StartResponse, peer_is_gone


class ClientGone(ConnectionDropped):
    """The client closed its connection before the answer was ready."""


@dataclass(slots=True)
class Exchange:
    """A request, how to answer it, and what is recorded of it."""

    connection: Any
    start_response: StartResponse
    record: RecordedRequest

    def json(self, status: int, body: Json, **headers: str) -> list[bytes]:
        """Answer with JSON."""
        return self.raw(status, json.dumps(body).encode(), **headers)

    def raw(self, status: int, body: bytes, **headers: str) -> list[bytes]:
        """Answer with these bytes, which claim to be JSON."""
        self.begin(status, content_type="application/json", **headers)
        return [body]

    def begin(self, status: int, **headers: str) -> None:
        """Begin an answer; underscores in the headers' names are hyphens."""
        self.record.status = status
        self.record.finished = not peer_is_gone(self.connection)
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        named.append(("x-request-id", f"req_{secrets.token_hex(8)}"))
        self.start_response(f"{status} {responses.get(status, 'Unknown')}", named)

    def wait(self, seconds: float | None) -> None:
        """Sleep (None: for ever); raises ClientGone at once when the client goes away."""
        if seconds is not None and seconds <= 0:
            return
        with gevent.Timeout(seconds, exception=False):
            gsocket.wait_read(self.connection.fileno())
            if peer_is_gone(self.connection):
                raise ClientGone
            # Something else was sent ahead: it has to wait.
            gevent.sleep(1e9)
