"""The recording LLM and the recording receiver: what they saw, with times."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gevent

from cli.api.receiver import VALID, verdict_on, webhook_for
from cli.demo.exchange import ClientGone
from cli.demo.llm import DemoLlm
from cli.wsgi_thread import (
    CONNECTION,
    RAW_TARGET,
    Environ,
    ServerThread,
    StartResponse,
    body_of,
    headers_of,
    peer_is_gone,
)
from tests.acceptance.chaos.ledgers import CallbackSeen, LlmCall, marker_in

_PATH = "/callback/"


class RecordingLlm(DemoLlm):
    """The demo LLM, which also keeps what it answered, and when."""

    def __init__(self) -> None:
        super().__init__(kept=1)
        self.calls: list[LlmCall] = []

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = body_of(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        call = LlmCall(marker_in(body), received_at=time.time())
        if call.marker:
            self.calls.append(call)

        def noting(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            call.status = int(status.split(maxsplit=1)[0])
            return start_response(status, headers, *more)

        try:
            call.answer = b"".join(super()._application(environ, noting))
            call.cut = peer_is_gone(environ[CONNECTION])
        except ClientGone:
            call.cut = True
            raise
        finally:
            call.ended_at = time.time()
        return [call.answer]


class RecordingReceiver:
    """An application that takes callbacks, at the pace and with the failures each URL asks for."""

    def __init__(self, secret: str) -> None:
        self.callbacks: list[CallbackSeen] = []
        self._webhook = webhook_for(secret)
        self._failed: set[str] = set()
        self._server = ServerThread(self._application)

    def start(self) -> None:
        """Listen on a free port."""
        self._server.start()

    def stop(self) -> None:
        """Drop all connections."""
        self._server.stop()

    def url(self, marker: str, *, delay_ms: int = 0, fail_once: bool = False) -> str:
        """Return the ReplyTo of a job."""
        query = f"?delay_ms={delay_ms}&fail_once={int(fail_once)}"
        return f"http://127.0.0.1:{self._server.port}{_PATH}{marker}{query}"

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        target = urlsplit(environ[RAW_TARGET])
        asked = {name: int(values[0]) for name, values in parse_qs(target.query).items()}
        seen = self._note(target.path.removeprefix(_PATH), headers_of(environ), body_of(environ))
        if asked.get("fail_once") and seen.marker not in self._failed:
            self._failed.add(seen.marker)
            seen.status = HTTPStatus.INTERNAL_SERVER_ERROR
        gevent.sleep(asked.get("delay_ms", 0) / 1000)
        if not peer_is_gone(environ[CONNECTION]):
            seen.answered_at = time.time()
        start_response(f"{int(seen.status)} {HTTPStatus(seen.status).phrase}", [])
        return [b""]

    def _note(self, marker: str, headers: dict[str, str], body: bytes) -> CallbackSeen:
        seen = CallbackSeen(
            marker=marker,
            webhook_id=headers.get("webhook-id", ""),
            job_id=headers.get("x-job-id", ""),
            job_state=headers.get("x-job-state", ""),
            body=body,
            valid=verdict_on(self._webhook, headers, body) == VALID,
            received_at=time.time(),
        )
        self.callbacks.append(seen)
        return seen
