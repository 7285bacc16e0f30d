"""Hostile clients without a key: deeds for `peer_process.running`, against the gateway's port."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from typing import cast

from shared.open_files import allow_many_connections
from tests.acceptance.hostile.peers.peer_process import Errand
from tests.acceptance.hostile.peers.sockets import connection, connections, is_open, pour

_CHUNKED = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


def tiny_chunks(errand: Errand) -> None:
    """Send a body that never ends, in chunks of one byte."""
    with connection(errand) as link:
        link.sendall(_CHUNKED % _path(errand))
        pour(errand, link, b"1\r\na\r\n" * 10_000)


def endless_extension(errand: Errand) -> None:
    """Send a size line whose extension never ends."""
    with connection(errand) as link:
        link.sendall(_CHUNKED % _path(errand) + b"1;")
        pour(errand, link, b"a" * 65_536)


def endless_trailers(errand: Errand) -> None:
    """Send trailers that never end."""
    with connection(errand) as link:
        link.sendall(_CHUNKED % _path(errand) + b"0\r\n")
        pour(errand, link, b"a: b\r\n" * 10_000)


def endless_head(errand: Errand) -> None:
    """Send header lines that never end, again and again."""
    with connection(errand) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        pour(errand, link, b"a: b\r\n" * 10_000)


def unread_body(errand: Errand) -> None:
    """Announce a huge body to an endpoint that does not want it, and send it."""
    with connection(errand) as link:
        link.sendall(b"POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
        pour(errand, link, b"a" * 1_000_000)


def pipelined(errand: Errand) -> None:
    """Send requests without waiting for answers, and read them (`read`) or never."""
    requests = _GET % _path(errand) * 500
    with contextlib.ExitStack() as held:
        links = [held.enter_context(connection(errand)) for _ in range(_count(errand))]
        while errand.goes_on():
            for link in links:
                _push(errand, link, requests)


def in_turn(errand: Errand) -> None:
    """Ask for nothing on many connections, each as soon as it was answered."""
    with contextlib.ExitStack() as held, selectors.DefaultSelector() as ready:
        for _ in range(_count(errand)):
            link = held.enter_context(connection(errand))
            ready.register(link, selectors.EVENT_READ)
            link.sendall(_GET % _path(errand))
        while errand.goes_on():
            for key, _ in ready.select(0.1):
                link = cast("socket.socket", key.fileobj)
                if not link.recv(65_536):
                    raise ConnectionResetError
                link.sendall(_GET % _path(errand))
                errand.count()


def trickling_heads(errand: Errand) -> None:
    """Hold many connections with heads that come byte by byte and never end."""
    _trickle(errand, b"GET / HTTP/1.1\r\nHost: a\r\n")


def trickling_bodies(errand: Errand) -> None:
    """Hold many connections with bodies that come byte by byte and never end."""
    _trickle(errand, b"POST /session HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n")


def idle_crowd(errand: Errand) -> None:
    """Hold as many connections as one address gets, and say nothing; come again for each lost."""
    allow_many_connections()
    with connections(errand, _count(errand)) as links:
        errand.count(len(links))
        while errand.goes_on() and sum(map(is_open, links)) > len(links) // 2:
            time.sleep(0.5)


def arriving_crowd(errand: Errand) -> None:
    """Connect and leave, again and again."""
    while errand.goes_on():
        with connections(errand, 100):
            errand.count(100)


def unread_answers(errand: Errand) -> None:
    """Ask for large answers on many connections and read none of them."""
    requests = _GET % _path(errand) * 20
    with contextlib.ExitStack() as held:
        for _ in range(_count(errand)):
            link = held.enter_context(connection(errand))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.sendall(requests)
            errand.count()
        while errand.goes_on():
            time.sleep(0.1)


def _push(errand: Errand, link: socket.socket, data: bytes) -> None:
    """Send what is taken at once; read some if the deed reads."""
    link.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        link.send(data)
        errand.count()
    if errand.options.get("read"):
        with contextlib.suppress(BlockingIOError):
            if not link.recv(1_000_000):
                raise ConnectionResetError
    time.sleep(0.0005)


def _trickle(errand: Errand, begin: bytes) -> None:
    allow_many_connections()
    with connections(errand, _count(errand)) as links:
        for link in links:
            link.sendall(begin)
            errand.count()
        while errand.goes_on():
            for link in links:
                with contextlib.suppress(OSError):
                    link.send(b"a")
                    errand.count()
            time.sleep(0.2)


def _path(errand: Errand) -> bytes:
    return str(errand.options.get("path", "/nope")).encode()


def _count(errand: Errand) -> int:
    return int(errand.options.get("count", 1))
