"""An LLM server that answers fixed bytes, however odd, as its model's name asks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from cli.wsgi_thread import Environ, ServerThread, StartResponse, body_of


class CannedLlm:
    """The server. `answers` maps its models to an HTTP status and the body's bytes."""

    def __init__(self, answers: Mapping[str, tuple[int, bytes]]) -> None:
        self.answers = answers
        self._server = ServerThread(self._application)

    @property
    def url(self) -> str:
        """The base URL as an OpenAI SDK takes it; known once started."""
        return f"http://127.0.0.1:{self._server.port}/v1"

    def start(self) -> None:
        """Listen on a free port."""
        self._server.start()

    def stop(self) -> None:
        """Drop all connections."""
        self._server.stop()

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status, body = self.answers[json.loads(body_of(environ))["model"]]
        start_response(f"{status} Canned", [("content-type", "application/json")])
        return [body]
