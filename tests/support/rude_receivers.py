"""Receivers of callbacks that never end what they say: what they do with a connection, by name."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

#: What a receiver does with a connection.
Deed = Callable[[socket.socket], None]

_CHUNKED: Final = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def flood(head: bytes, again: bytes) -> Deed:
    """Return what answers with the head once and the rest for ever."""

    def pour(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(head)
        while True:
            sock.sendall(again)

    return pour


def once(data: bytes) -> Deed:
    """Return what answers with this."""

    def say(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(data)

    return say


def drip(data: bytes) -> Deed:
    """Return what answers with this again and again, byte by byte."""

    def pour(sock: socket.socket) -> None:
        sock.recv(65536)
        for byte in data * 1000:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)

    return pour


def one_byte_segments(sock: socket.socket) -> None:
    """Answer with a header that has no end, a segment for each byte."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.recv(65536)
    sock.sendall(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        sock.sendall(b"y")


def never_reads(sock: socket.socket) -> None:
    """Take nothing and say nothing."""
    time.sleep(10)


def hangs(sock: socket.socket) -> None:
    """Take everything and say nothing, until the other side has had enough."""
    while sock.recv(65536):
        pass


#: What has no end, by name; never_reads and hangs have no answer at all.
ENDLESS: Final[dict[str, Deed]] = {
    "100s": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
    "103s": flood(b"", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
    "100s byte by byte": drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": flood(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 999),
    "a status line": flood(b"HTTP/1.1 200 ", b"x" * 9999),
    "a header": flood(b"HTTP/1.1 200 OK\r\nx: ", b"y" * 9999),
    "segments of a byte": one_byte_segments,
    "an extension": flood(_CHUNKED + b"1;", b"x" * 9999),
    "tiny chunks": flood(_CHUNKED, b"1;e=f\r\nx\r\n" * 999),
    "trailers": flood(_CHUNKED + b"0\r\n", b"x: y\r\n" * 999),
    "a body": flood(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 9999),
}


class RudeReceiver:
    """A server in threads of the system's: its deeds take no turn of gevent's loop."""

    def __init__(self, deed: Deed, port: int = 0) -> None:
        self._deed = deed
        self._socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/cb"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            self._deed(sock)

    def stop(self) -> None:
        """Take no more connections."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
