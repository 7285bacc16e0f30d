"""An LLM server that answers fixed bytes, however odd, as its model's name asks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent import socket as gsocket

from cli.wsgi_thread import (
    CONNECTION,
    ConnectionDropped,
    Environ,
    StartResponse,
    body_of,
    peer_is_gone,
)
from tests.support.servers.fake_server import FakeOpenAi


@dataclass(frozen=True, slots=True)
class SseAnswer:
    """A stream: pieces of bytes as they go onto the wire, whatever they mean.

    Before the first piece it waits `late_s`, between two of them `pause_s` (seconds). With `cut`
    the connection is reset after the last one; without, the answer ends in good order.
    """

    pieces: tuple[bytes, ...]
    late_s: float = 0.0
    pause_s: float = 0.0
    cut: bool = False


@dataclass(slots=True)
class CannedCall:
    """One call. Times are monotonic seconds; `ended_at` is None while it goes on."""

    body: bytes
    began_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None
    #: The client stayed to the end.
    is_whole: bool = False


Fixed = tuple[int, bytes] | SseAnswer
#: The same for every request, or as its body says.
Answer = Fixed | Callable[[bytes], Fixed]


class CannedLlm(FakeOpenAi):
    """The server. `answers` maps its models to an HTTP status and the body's bytes, or a stream."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        super().__init__()
        self.answers = answers
        self.calls: list[CannedCall] = []

    def calls_of(self, marker: str) -> list[CannedCall]:
        """Return the calls whose body contains the marker, oldest first."""
        return [call for call in self.calls if marker.encode() in call.body]

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = CannedCall(body_of(environ))
        self.calls.append(call)
        answer = self.answers[json.loads(call.body)["model"]]
        if callable(answer):
            answer = answer(call.body)
        if isinstance(answer, SseAnswer):
            return _stream(answer, call, environ[CONNECTION], start_response)
        status, body = answer
        start_response(f"{status} Canned", [("content-type", "application/json")])
        return [body]


def _stream(
    answer: SseAnswer, call: CannedCall, connection: Any, start_response: StartResponse
) -> Iterator[bytes]:
    try:
        _wait(connection, answer.late_s)
        start_response("200 Canned", [("content-type", "text/event-stream; charset=utf-8")])
        for number, piece in enumerate(answer.pieces):
            _wait(connection, answer.pause_s if number else 0.0)
            yield piece
        if answer.cut:
            _wait(connection, answer.pause_s)
            raise ConnectionDropped
        call.is_whole = not peer_is_gone(connection)
    finally:
        call.ended_at = time.monotonic()


def _wait(connection: Any, seconds: float) -> None:
    """Sleep; raises ConnectionDropped at once when the client goes away."""
    if not seconds:
        return
    with gevent.Timeout(seconds, exception=False):
        gsocket.wait_read(connection.fileno())
        if peer_is_gone(connection):
            raise ConnectionDropped
        gevent.sleep(1e9)
