"""A gevent WSGI server in a thread of its own: what the demo LLM and the receiver stand on."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent import socket as gsocket
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from shared.listen_address import listen_host

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

#: Connections that may wait to be accepted: thousands may come at once.
_BACKLOG = 4096

_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 5.0

#: Environ keys beside WSGI's own: the request target as it was sent, and the connection.
RAW_TARGET = "replyto.raw_target"
CONNECTION = "replyto.connection"


class ConnectionDropped(Exception):
    """Raised by an application to reset the connection instead of answering."""


class _Handler(WSGIHandler):  # type: ignore[misc,unused-ignore]
    """Adds the raw target and the connection to the environ; resets on ConnectionDropped."""

    def handle(self) -> None:
        """Serve the connection, and let go of it before its loop ends, whoever still knows it."""
        reader = self.rfile
        try:
            super().handle()
        finally:
            reader.close()

    def get_environ(self) -> Environ:
        environ: Environ = super().get_environ()
        environ[RAW_TARGET] = self.path
        environ[CONNECTION] = self.socket
        return environ

    def handle_error(self, kind: Any, value: Any, trace: Any) -> None:
        if not isinstance(value, ConnectionDropped):
            super().handle_error(kind, value, trace)
            return
        self.close_connection = True
        # With no time to linger, closing sends a reset.
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def peer_is_gone(connection: Any) -> bool:
    """Tell whether the client has closed its side, without reading what it may have sent."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLRDHUP)
    return bool(poll.poll(0))


def body_of(environ: Environ) -> bytes:
    """Read the whole request body, with or without a Content-Length.

    Raises ConnectionDropped when the client goes away meanwhile: nobody waits for an answer.
    """
    try:
        body: bytes = environ["wsgi.input"].read()
    except OSError as exc:
        raise ConnectionDropped from exc
    return body


def headers_of(environ: Environ) -> dict[str, str]:
    """Return the request's headers, names in lower case."""
    named = ((key[5:], value) for key, value in environ.items() if key.startswith("HTTP_"))
    headers = {key.replace("_", "-").lower(): value for key, value in named}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            headers[key.replace("_", "-").lower()] = environ[key]
    return headers


class ServerThread:
    """Serves a WSGI application on host:port (0: a free one) from start() until stop()."""

    def __init__(self, application: Application, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = listen_host(host)
        self.port = port
        self._application = application
        self._thread: threading.Thread | None = None
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Listen and serve; raises OSError when the address can't be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.create_server(
            (self.host, self.port),
            family=family,
            backlog=_BACKLOG,
            # `::` is every address of this machine, of both kinds.
            dualstack_ipv6=self.host == "::" and socket.has_dualstack_ipv6(),
        )
        # Inherited by every connection: chunks of a stream must not wait for each other.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        serving = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(family, listener.detach(), serving), daemon=True
        )
        self._thread.start()
        if not serving.wait(_START_TIMEOUT_S):
            raise TimeoutError("the server did not start")

    def stop(self) -> None:
        """Close all connections and end the thread; harmless when it does not run."""
        if self._thread and self._end:
            self._end()
            self._thread.join(_STOP_TIMEOUT_S)
        self._thread = self._end = None

    def _serve(self, family: socket.AddressFamily, fileno: int, serving: threading.Event) -> None:
        hub, ended = gevent.get_hub(), Event()
        self._end = lambda: hub.loop.run_callback_threadsafe(ended.set)
        server = WSGIServer(
            gsocket.socket(family, socket.SOCK_STREAM, fileno=fileno),
            self._application,
            # A pool knows its greenlets, so that stop() can end those that sleep.
            spawn=Pool(),
            log=None,
            handler_class=_Handler,
            # Given, because to find it out gevent would ask the name service.
            environ={"SERVER_NAME": self.host},
        )
        try:
            server.start()
            serving.set()
            ended.wait()
            server.stop(timeout=0)
        finally:
            hub.destroy(destroy_loop=True)
