"""An application's callback receiver: notes everything, and answers as a test tells it to."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

import gevent

from cli.wsgi_thread import RAW_TARGET, Environ, ServerThread, StartResponse, body_of, headers_of
from tests.acceptance.system.polling import PATIENCE_S, until

#: As an answer of `plan`: none, for as long as the test runs.
HANG = 0
_FOR_EVER_S = 1e6


@dataclass(frozen=True, slots=True)
class Callback:
    """One POST as it came in. `received_at` is monotonic seconds."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    answered: int
    received_at: float


class CallbackReceiver:
    """The server. A path stands for one receiver: give each job its own."""

    def __init__(self) -> None:
        self._callbacks: deque[Callback] = deque()
        self._plans: defaultdict[str, deque[int]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = ServerThread(self._application)

    def start(self) -> None:
        """Listen on a free port."""
        self._server.start()

    def stop(self) -> None:
        """Drop all connections."""
        self._server.stop()

    def url(self, target: str) -> str:
        """Return the URL of a path and query, which must begin with a slash."""
        return f"http://127.0.0.1:{self._server.port}{target}"

    def plan(self, path: str, *answers: int) -> None:
        """Give the next POSTs to this path these answers (statuses, or HANG), later ones 200."""
        with self._lock:
            self._plans[path] = deque(answers)

    def received(self, path: str) -> list[Callback]:
        """Return what came to this path, oldest first."""
        with self._lock:
            return [c for c in self._callbacks if c.target.partition("?")[0] == path]

    def wait_for(
        self, path: str, count: int = 1, *, within_s: float = PATIENCE_S
    ) -> list[Callback]:
        """Return what came to this path as soon as there are so many."""

        def look() -> list[Callback] | None:
            found = self.received(path)
            return found if len(found) >= count else None

        return until(look, f"{count} callbacks to {path}", within_s=within_s)

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        target: str = environ[RAW_TARGET]
        headers, body = headers_of(environ), body_of(environ)
        with self._lock:
            plan = self._plans[target.partition("?")[0]]
            answer = plan.popleft() if plan else int(HTTPStatus.OK)
            method = environ["REQUEST_METHOD"]
            moment = time.monotonic()
            self._callbacks.append(Callback(method, target, headers, body, answer, moment))
        if answer == HANG:
            gevent.sleep(_FOR_EVER_S)
        start_response(f"{answer} {HTTPStatus(answer).phrase}", [("content-type", "text/plain")])
        return [b"noted\n"]
