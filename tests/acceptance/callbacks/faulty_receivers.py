"""Receivers that do what receivers should not: one server per fault, each on a port of its own."""

from __future__ import annotations

import contextlib
import gzip
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cli.ports import free_port
from tests.acceptance.system.certificates import Authority

#: Speaks with a connection whose request was read.
Conversation = Callable[[socket.socket], None]

_LONG_S = 120.0
_BOMB_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of receiver; `answers` are what it does the first, second, … time and from then."""

    name: str
    answers: tuple[Conversation, ...] = ()
    tls: ssl.SSLContext | None = None
    #: Instead of a server of its own.
    url: str = ""


def says(status: int, *headers: str, body: bytes = b"no") -> Conversation:
    """Answer with this status."""
    head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"content-length: {len(body)}"]
    data = "\r\n".join([*head, *headers, "", ""]).encode() + body
    return lambda sock: sock.sendall(data)


def _retry_after_date(sock: socket.socket) -> None:
    says(429, f"retry-after: {formatdate(time.time() + 4, usegmt=True)}")(sock)


def _hang(sock: socket.socket) -> None:
    sock.recv(1)


def _drip(sock: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 1000:
        sock.sendall(bytes([byte]))
        time.sleep(0.2)


def _pour(status: int) -> Conversation:
    def pour(sock: socket.socket) -> None:
        sock.sendall(f"HTTP/1.1 {status} Yes\r\ncontent-length: 10000000000\r\n\r\n".encode())
        for _ in range(10_000):
            sock.sendall(b"x" * 1_000_000)

    return pour


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _reset_in_body(status: int) -> Conversation:
    def answer(sock: socket.socket) -> None:
        sock.sendall(f"HTTP/1.1 {status} Yes\r\ncontent-length: 1000\r\n\r\nhalf".encode())
        time.sleep(0.2)
        _reset(sock)

    return answer


def _answer_late(sock: socket.socket) -> None:
    sock.settimeout(_LONG_S)
    # Until the sender has hung up.
    sock.recv(1)
    says(200)(sock)


def all_faults(folder: Path) -> tuple[list[Fault], Path]:
    """Return every fault, and the file of the authority that signed the certificates."""
    authority = Authority(folder)
    own = authority.context("self", signed=False)
    abort = "webhook-delivery: abort-message"
    gzipped, bomb = "content-encoding: gzip", gzip.compress(bytes(_BOMB_BYTES))
    statuses = (301, 302, 307, 308, 400, 401, 404, 408, 410, 500, 502, 503)
    elsewhere = "location: http://127.0.0.1:1/elsewhere"
    faults = [
        Fault("answers 200", (says(200),)),
        Fault("answers 200, over TLS", (says(200),), authority.context("good")),
        Fault("fails twice, then answers 200", (says(500), says(500), says(200))),
        Fault("nobody listens", url=f"http://127.0.0.1:{free_port()}/cb"),
        Fault("the name does not exist", url="http://nobody.invalid/cb"),
        Fault("certificate has expired", (says(200),), authority.context("old", expired=True)),
        Fault(
            "certificate of another host", (says(200),), authority.context("other", "example.com")
        ),
        Fault("certificate signed by itself", (says(200),), own),
        Fault("hangs before its headers", (_hang,)),
        Fault("answers after the time-out", (_answer_late,)),
        Fault("drips its headers", (_drip,)),
        Fault("200 and 10 GB", (_pour(200),)),
        Fault("500 and 10 GB", (_pour(500),)),
        Fault("500 and a gzip bomb", (says(500, gzipped, body=bomb),)),
        Fault("resets without an answer", (_reset,)),
        Fault("200, then resets in the body", (_reset_in_body(200),)),
        Fault("500, then resets in the body", (_reset_in_body(500),)),
        *[Fault(str(s), (says(s, *[elsewhere] * (s < 309)),)) for s in statuses],
        Fault("429, Retry-After: 3", (says(429, "retry-after: 3"),)),
        Fault("429, Retry-After: a date 4 s ahead", (_retry_after_date,)),
        Fault(f"500, {abort}", (says(500, abort),)),
    ]
    return faults, authority.file


class FaultyReceiver:
    """The server of one fault. It notes when requests came, and their ids and bodies."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.bodies: list[bytes] = []
        self.ids: list[str] = []
        receiver = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                receiver.serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it waits."""
        scheme = "https" if self._fault.tls else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}/cb"

    def stop(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self, sock: Any) -> None:
        """Read a request; do what the fault is."""
        sock.settimeout(_LONG_S)
        with contextlib.suppress(OSError):
            if self._fault.tls:
                sock = self._fault.tls.wrap_socket(sock, server_side=True)
            while self._read_request(sock):
                answers = self._fault.answers
                answer = answers[min(len(self.bodies), len(answers)) - 1]
                answer(sock)
                if not answer.__qualname__.startswith("says"):
                    break
        sock.close()

    def _read_request(self, sock: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            part = sock.recv(65536)
            if not part:
                return False
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        while len(body) < int(headers["Content-Length"]):
            body += sock.recv(65536)
        self.ids.append(headers["webhook-id"])
        self.bodies.append(body)
        return True


@contextlib.contextmanager
def running(faults: list[Fault]) -> Iterator[dict[str, FaultyReceiver]]:
    """Run the servers of these faults."""
    receivers = {fault.name: FaultyReceiver(fault) for fault in faults if not fault.url}
    try:
        yield receivers
    finally:
        # Each takes up to half a second.
        with ThreadPoolExecutor(len(receivers)) as threads:
            list(threads.map(FaultyReceiver.stop, receivers.values()))
