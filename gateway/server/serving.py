"""gunicorn's worker on gevent's WSGI server: strict and quick with heads, fair, and quick to stop.

gevent accepts connections and runs the application. What clients say is read by our own code,
because gevent's takes more than HTTP allows, without a limit in time, and for as long as bytes
come nobody else has a turn. See docs/adr/0013-a-lean-hot-path.md and 0029-the-server-stays.md.

Clients keep their connections open between requests. As it comes, the worker waits for them to go
away until its patience ends, half a minute, and goes on serving those that do not.
"""

from __future__ import annotations

import _socket
import logging
import resource
import socket
import time
from functools import partial
from typing import Any, Final

import gevent
from gevent.pywsgi import LoggingLogAdapter
from gevent.socket import socket as GeventSocket  # noqa: N812 - a class
from gunicorn.workers.ggevent import GeventPyWSGIWorker, PyWSGIServer

from gateway.server.callers import Callers
from gateway.server.connection import Connection
from gateway.server.handler import Handler
from gateway.server.limits import Limits
from shared.garbage import spare_collections
from shared.turns import Turns

log = logging.getLogger(__name__)

#: Connections beyond the limit, while those that have to go are on their way out.
_SPARE_CONNECTIONS: Final = 1000
#: Arrivals whose client has left already that are let go of in one round of the loop.
_LEFT_AT_ONCE: Final = 32


class Server(PyWSGIServer):  # type: ignore[misc]
    """A listening socket and its connections."""

    #: Arrivals in one round of the loop: a crowd of them must not keep the others waiting.
    max_accept = 4

    def __init__(self, *args: Any, limits: Limits | None = None, **options: Any) -> None:
        self.limits = limits or Limits()
        self.callers = Callers(self.limits, time.monotonic)
        self.turns = Turns()
        # Else gevent writes past the log.
        super().__init__(*args, error_log=LoggingLogAdapter(log), **options)
        self._sweeper = gevent.spawn(self.callers.sweep_for_ever)

    def do_read(self) -> tuple[Any, object] | None:
        """Accept a connection whose client is still there; None when there is none.

        Those who come and leave at once, health checks or a crowd, cost a fourth of a connection
        that is served; and they stand in one line with everybody who arrives.
        """
        for _ in range(_LEFT_AT_ONCE):
            try:
                link, address = _accepted(self.socket)
            except BlockingIOError:
                return None
            if not _has_left(link):
                kind = (link.family, link.type, link.proto)
                return GeventSocket(*kind, fileno=link.detach()), address
            link.close()
        return None

    def handle(self, sock: Any, address: object) -> None:
        """Serve a connection."""
        self.handler_class(sock, address, self).handle()

    def close(self) -> None:
        """Take no more connections, and let go of those that nobody waits on."""
        super().close()
        for caller in self.callers.all_waiting():
            if isinstance(caller, Connection) and caller.is_idle:
                caller.hang_up(is_late=False)


def _accepted(listener: Any) -> tuple[Any, object]:
    """Return a new connection as a bare socket. Raises BlockingIOError when none is there."""
    descriptor, address = listener._accept()  # noqa: SLF001 - as gevent's own server does
    return _socket.socket(listener.family, listener.type, listener.proto, descriptor), address


def _has_left(link: Any) -> bool:
    """Whether a client has said nothing, and that nothing comes."""
    try:
        return not link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Worker(GeventPyWSGIWorker):  # type: ignore[misc]
    """What `worker_class` names."""

    wsgi_handler = Handler

    def init_process(self) -> None:
        """Learn the limits, which the settings say."""
        limits = Limits.of(self.app.settings, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        # Our own limit of connections makes room for a new one; a full pool would let it wait.
        self.worker_connections = limits.connections + _SPARE_CONNECTIONS
        self.server_class = partial(Server, limits=limits)
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application, which stays."""
        super().load_wsgi()
        spare_collections()
