"""An LLM server that counts: how many calls at once, when each began and ended, who probed it.

The test says how it behaves, at any moment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import gevent

from cli.wsgi_thread import (
    CONNECTION,
    ConnectionDropped,
    Environ,
    StartResponse,
    body_of,
    headers_of,
    peer_is_gone,
)
from tests.support.servers.fake_server import FakeOpenAi


@dataclass(slots=True)
class CountedCall:
    """One call. Times are monotonic seconds."""

    body: dict[str, object]
    authorization: str
    began_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None


class CountingLlm(FakeOpenAi):
    """The server. `delay_s` is how long a call takes; `status` what it answers, 0 for a reset."""

    def __init__(self, name: str, delay_s: float = 0.0) -> None:
        super().__init__()
        self.name = name
        self.delay_s = delay_s
        self.status = 200
        self.calls: list[CountedCall] = []
        #: When it was probed (monotonic seconds).
        self.probes: list[float] = []
        self.in_flight = 0
        self.most_in_flight = 0

    def calls_of(self, marker: str) -> list[CountedCall]:
        """Return the calls whose body contains the marker, oldest first."""
        return [call for call in self.calls if marker in json.dumps(call.body)]

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            self.probes.append(time.monotonic())
            return self._answer({"object": "list", "data": []}, start_response)
        call = CountedCall(
            json.loads(body_of(environ)), headers_of(environ).get("authorization", "")
        )
        self.calls.append(call)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self._work(environ)
        finally:
            self.in_flight -= 1
            call.ended_at = time.monotonic()
        message = {"role": "assistant", "content": f"{self.name} answers"}
        completion = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": call.body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        return self._answer(completion, start_response)

    def _work(self, environ: Environ) -> None:
        until = time.monotonic() + self.delay_s
        while time.monotonic() < until and self.status == 200:
            gevent.sleep(min(0.02, max(0.0, until - time.monotonic())))
            if peer_is_gone(environ[CONNECTION]):
                raise ConnectionDropped

    def _answer(self, body: dict[str, object], start_response: StartResponse) -> Iterable[bytes]:
        if self.status == 0:
            raise ConnectionDropped
        start_response(f"{self.status} Counted", [("content-type", "application/json")])
        error = {"error": {"message": f"{self.name} is down", "type": "server_error"}}
        return [json.dumps(body if self.status == 200 else error).encode()]
