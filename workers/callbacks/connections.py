"""Connections to receivers: plain HTTP/1.1 over a socket that the dialer judged, kept for reuse.

`http.client` on purpose: it follows nothing, decodes nothing, knows no proxy and no cookie, and
sends the request line as given. What is above it (urllib3, requests) would have to be talked out of
all that, and costs as much again. See ADR 9.
"""

from __future__ import annotations

import select
import time
from collections import OrderedDict
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Final

import certifi
import gevent
from gevent import monkey, ssl

from shared.security.targets import Target
from workers.callbacks.answers import Answer
from workers.callbacks.dialing import Dialer, Limits

#: How long a connection that nobody uses is kept (seconds), and how many.
_IDLE_S: Final = 15.0
_MOST_IDLE: Final = 500

#: Scheme, host, port: whom a connection talks to.
Origin = tuple[str, str, int]


def tls_context() -> Any:
    """Return what TLS is checked with: the system's authorities and certifi's.

    `SSL_CERT_FILE` and `SSL_CERT_DIR`, which OpenSSL reads, add an operator's own.
    """
    context = ssl.create_default_context()
    # A receiver could ask for one after the other: all of it inside one read.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_verify_locations(cafile=certifi.where())
    return context


class Connection(HTTPConnection):
    """One connection to one receiver."""

    sock: Any
    response_class = Answer

    def __init__(self, target: Target, dialer: Dialer, limits: Limits, context: Any) -> None:
        # Before the parent's, which asks for it to tell whether `Host` needs the port.
        self.default_port = 443 if target.scheme == "https" else 80
        super().__init__(target.host, target.port)
        self._target, self._dialer, self._limits, self._context = target, dialer, limits, context
        self._head = b""
        self.used_at_s = 0.0
        self.ip = ""
        #: Whose callback it was opened for.
        self.owner = ""

    @property
    def origin(self) -> Origin:
        """Whom it talks to."""
        return (self._target.scheme, self._target.host, self._target.port)

    def connect(self) -> None:
        """Dial, and speak TLS if the URL says so. Raises as `Dialer.dial`, and SSLError."""
        sock = self._dialer.dial(self._target, self.owner)
        self.ip = str(sock.getpeername()[0])
        try:
            if self._target.scheme == "https":
                sock = self._encrypted(sock)
            sock.settimeout(self._limits.read_s)
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    def _encrypted(self, sock: Any) -> Any:
        """Shake hands, in the time that a connection may take, however slowly bytes come."""
        within_s = self._limits.connect_s
        name = self._target.host.rstrip(".")
        with gevent.Timeout(within_s, TimeoutError(f"no TLS within {within_s:g} s")):
            return self._context.wrap_socket(sock, server_hostname=name)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HTTPResponse:
        """Send the POST, whose body is not empty; return the answer when its headers are there."""
        self._head = b""
        self.request("POST", path, body, headers)
        return self.getresponse()

    def send(self, data: Any) -> None:
        """Send headers and body, which come in turn, as one: a system call and a packet less."""
        if not self._head:
            self._head = data
        else:
            super().send(self._head + data)

    def is_usable(self, now_s: float) -> bool:
        """Whether it is open, fresh, and the receiver has said nothing since (not even bye)."""
        if self.sock is None or now_s - self.used_at_s > _IDLE_S:
            return False
        # The system's own: it only looks, there is nothing to wait for.
        poll: Any = monkey.get_original("select", "poll")()
        poll.register(self.sock.fileno(), select.POLLIN)
        return not poll.poll(0)


class Connections:
    """Gives out connections, and keeps those that can be used again."""

    def __init__(self, dialer: Dialer, limits: Limits, context: Any) -> None:
        self._dialer, self._limits, self._context = dialer, limits, context
        #: Oldest first.
        self._idle: OrderedDict[int, Connection] = OrderedDict()
        self._by_origin: dict[Origin, list[Connection]] = {}

    def new(self, target: Target) -> Connection:
        """Return a connection that dials when it is used."""
        return Connection(target, self._dialer, self._limits, self._context)

    def kept(self, target: Target) -> Connection | None:
        """Return a connection to this receiver that is still open, if one was kept."""
        now = time.monotonic()
        self._drop_old(now)
        while idle := self._by_origin.get((target.scheme, target.host, target.port)):
            connection = idle[-1]
            self._forget(connection)
            if connection.is_usable(now):
                return connection
            connection.close()
        return None

    def keep(self, connection: Connection) -> None:
        """Take back a connection whose answer was read to its end."""
        if connection.sock is None:
            return
        connection.used_at_s = time.monotonic()
        self._idle[id(connection)] = connection
        self._by_origin.setdefault(connection.origin, []).append(connection)
        self._drop_old(connection.used_at_s)

    def close(self) -> None:
        """Close what is kept."""
        for connection in list(self._idle.values()):
            self._forget(connection)
            connection.close()

    def _drop_old(self, now_s: float) -> None:
        while self._idle:
            oldest = next(iter(self._idle.values()))
            if len(self._idle) <= _MOST_IDLE and now_s - oldest.used_at_s <= _IDLE_S:
                return
            self._forget(oldest)
            oldest.close()

    def _forget(self, connection: Connection) -> None:
        del self._idle[id(connection)]
        same = self._by_origin[connection.origin]
        same.remove(connection)
        if not same:
            del self._by_origin[connection.origin]
