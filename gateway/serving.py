"""gunicorn's worker on gevent's WSGI server, taught to stop as soon as requests are answered.

Clients keep their connections open between requests. As it comes, the worker waits for them to go
away until its patience ends, half a minute, and goes on serving those that do not.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from gunicorn.workers.ggevent import GeventPyWSGIWorker, PyWSGIHandler, PyWSGIServer


class Handler(PyWSGIHandler):  # type: ignore[misc]
    """One connection."""

    def read_requestline(self) -> Any:
        """Read the first line of the next request; until it comes, the connection is idle."""
        self.server.idle.add(self)
        try:
            return super().read_requestline()
        finally:
            self.server.idle.discard(self)

    def finalize_headers(self) -> None:
        """Say with the answer that it is the connection's last, once the server stops."""
        if self.server.closed:
            self.close_connection = True
        super().finalize_headers()

    def hang_up(self) -> None:
        """End the wait for another request. One that is here already is still answered."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)


class Server(PyWSGIServer):  # type: ignore[misc]
    """A listening socket and its connections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        #: Connections on which no request is under way.
        self.idle: set[Handler] = set()

    def close(self) -> None:
        """Take no more connections, and let go of those that nobody waits on."""
        super().close()
        for handler in list(self.idle):
            handler.hang_up()


class Worker(GeventPyWSGIWorker):  # type: ignore[misc]
    """What `worker_class` names."""

    server_class = Server
    wsgi_handler = Handler
