"""What hostile clients do with bare sockets: connect, send without end, read slowly or never."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.acceptance.hostile.peers.peer_process import Errand

#: How long a peer waits for the other side to take or give something (seconds).
_TIMEOUT_S = 1.0


@contextmanager
def connection(errand: Errand) -> Iterator[socket.socket]:
    """Connect for the length of the block."""
    with socket.create_connection(("127.0.0.1", errand.port), timeout=_TIMEOUT_S) as link:
        yield link


@contextmanager
def connections(errand: Errand, count: int) -> Iterator[list[socket.socket]]:
    """Open many connections for the length of the block; as many as the machine gives."""
    with ExitStack() as held:
        links = []
        for _ in range(count):
            with contextlib.suppress(OSError):
                links.append(held.enter_context(connection(errand)))
        yield links


def pour(errand: Errand, link: socket.socket, data: bytes, *, read: bool = False) -> None:
    """Send the data again and again, as fast as it is taken; read what comes back, or do not.

    Raises OSError once the other side has had enough.
    """
    link.settimeout(0.2)
    while errand.goes_on():
        with contextlib.suppress(TimeoutError):
            link.sendall(data)
            errand.count()
        if read:
            drain(link)


def drain(link: socket.socket) -> int:
    """Read what is there; return how many bytes. Raises OSError when the connection has ended."""
    link.setblocking(False)
    total = 0
    try:
        while data := link.recv(262_144):
            total += len(data)
    except BlockingIOError:
        return total
    finally:
        link.settimeout(0.2)
    raise ConnectionResetError("the other side has closed")


def is_open(link: socket.socket) -> bool:
    """Whether the other side has not closed the connection, as far as one can tell."""
    try:
        drain(link)
    except OSError:
        return False
    return True
