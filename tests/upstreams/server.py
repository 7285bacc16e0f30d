"""An HTTP server that sends exactly the bytes it is told, however wrong, as the path asks.

Each manner is answered under a path of its own, so it can be a provider of its own. Plain threads
and sockets: a library would mend what is to be wrong.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

#: With no time to linger, closing sends a reset.
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `number` counts those of its manner and method, from 1: probes are no calls."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    at_s: float = field(default_factory=time.monotonic)


class Reset(Exception):
    """Raised by a reply to reset the connection."""


class KeepOpen(Exception):
    """Raised by a reply at its end to wait for the next request on the same connection."""


#: What is sent, piece by piece; then the connection is closed.
Reply = Callable[[Asked], Iterable[bytes]]


class RawUpstream:
    """The server. `replies` maps the first part of the path to what it answers."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = dict(replies)
        self.asked: dict[str, list[Asked]] = {}
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None

    def base_url(self, name: str) -> str:
        """Return the base URL under which it answers in this manner; known once started."""
        assert self._listener is not None
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/{name}"

    def start(self, port: int = 0) -> Self:
        """Listen on this port of the loopback; 0: on a free one."""
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Drop all connections."""
        assert self._listener is not None
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Forget who has asked what so far, and count anew."""
        with self._lock:
            self.asked.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add(connection)
        try:
            with connection, connection.makefile("rb") as reader:
                while self._answer(connection, reader):
                    pass
        except OSError:
            pass  # The gateway has had enough, which some manners are made for.
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection: socket.socket, reader: Iterable[bytes]) -> bool:
        """Answer one request; return whether the connection stays open."""
        asked = self._read(reader)
        if asked is None:
            return False
        try:
            for piece in self.replies[asked.path.split("/")[1]](asked):
                connection.sendall(piece)
        except KeepOpen:
            return True
        except Reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return False

    def _read(self, reader: Iterable[bytes]) -> Asked | None:
        line = reader.readline()  # type: ignore[attr-defined]
        if not line.strip():
            return None
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while line := reader.readline().strip():  # type: ignore[attr-defined]
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
        with self._lock:
            all_asked = self.asked.setdefault(path.split("/")[1], [])
            of_its_kind = sum(one.method == method for one in all_asked)
            asked = Asked(method, path, headers, body, of_its_kind + 1)
            all_asked.append(asked)
        return asked
