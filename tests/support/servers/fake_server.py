"""What the servers have in common that tests put in the place of somebody else's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Self

from cli.wsgi_thread import Environ, ServerThread, StartResponse


class FakeServer(ABC):
    """Answers on a free port of the loopback, from `start` until `stop`."""

    def __init__(self) -> None:
        self._server = ServerThread(self._application)

    @property
    def url(self) -> str:
        """The URL of the host; known once started."""
        return f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Self:
        """Listen."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Drop all connections."""
        self._server.stop()

    @abstractmethod
    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""


class FakeOpenAi(FakeServer):
    """One that speaks OpenAI's API."""

    @property
    def url(self) -> str:
        """The base URL as an OpenAI SDK takes it; known once started."""
        return f"{super().url}/v1"
