"""gunicorn's worker on gevent's WSGI server, strict and quick with heads, and quick to stop.

gevent reads a head with the standard library's parser of e-mails: that takes more than HTTP allows,
and costs as much as asking Redis does. See docs/adr/0013-a-lean-hot-path.md.

Clients keep their connections open between requests. As it comes, the worker waits for them to go
away until its patience ends, half a minute, and goes on serving those that do not.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from gevent.pywsgi import Input, LoggingLogAdapter, format_date_time
from gunicorn.workers.ggevent import GeventPyWSGIWorker, PyWSGIHandler, PyWSGIServer

from gateway.request_head import BadHead, keeps_open, parse_fields, parse_request_line

log = logging.getLogger(__name__)

#: Most bytes of a head after its first line.
_HEAD_BYTES: Final = 65_536
#: A body up to this goes out with its head: one system call, and one packet where it fits (bytes).
_JOINED_BYTES: Final = 65_536
_END: Final = b"\r\n\r\n"


class Body(Input):  # type: ignore[misc]
    """What a request brings beside its head. `is_broken`: nobody knows where it ends."""

    __slots__ = ("is_broken",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_broken = False

    def read(self, length: int | None = None) -> Any:
        """Return what is left, or so many bytes of it. Raises OSError when it is broken."""
        try:
            return super().read(length)
        except (OSError, ValueError) as exc:
            self.is_broken = True
            raise OSError("the body breaks off, or its chunks are malformed") from exc

    def _discard(self) -> None:
        if not self.is_broken:
            super()._discard()


class Handler(PyWSGIHandler):  # type: ignore[misc]
    """One connection."""

    #: The header lines of the request, as WSGI names them.
    _fields: dict[str, str]
    #: The head of the answer, as the application gave it, and what is added to it.
    _head: bytes
    response_headers: list[tuple[bytes, bytes]]
    provided_date: str | bytes | None
    _is_last: bool

    def read_requestline(self) -> Any:
        """Read the first line of the next request; until it comes, the connection is idle."""
        self.server.idle.add(self)
        try:
            return super().read_requestline()
        finally:
            self.server.idle.discard(self)

    def read_request(self, raw_requestline: str) -> bool:
        """Read the rest of the head. Raises BadHead, which gevent answers with 400 and an end."""
        self.command, self.path, version = parse_request_line(raw_requestline)
        self._fields = fields = parse_fields(self._read_head(), version)
        self.request_version = version
        length = fields.get("CONTENT_LENGTH")
        self.content_length = None if length is None else int(length)
        self.close_connection = not keeps_open(version, fields.get("HTTP_CONNECTION", ""))
        return True

    def _read_head(self) -> bytes:
        """Return the header lines and the empty one behind them."""
        # Most are here as a whole by now: one look finds their end.
        waiting = self.rfile.peek(1)
        if not waiting.startswith(b"\r\n") and (end := waiting.find(_END)) >= 0:
            return self.rfile.read(end + len(_END))  # type: ignore[no-any-return]
        head = bytearray()
        while not head.endswith(_END) and head != b"\r\n":
            line = self.rfile.readline(_HEAD_BYTES)
            head += line
            if not line or len(head) > _HEAD_BYTES:
                raise BadHead("the head breaks off, or is too long")
        return bytes(head)

    def get_environ(self) -> dict[str, Any]:
        """Return what the application is told."""
        fields, (path, _, query) = self._fields, self.path.partition("?")
        is_chunked = "HTTP_TRANSFER_ENCODING" in fields
        waits = fields.get("HTTP_EXPECT", "").lower() == "100-continue"
        self.wsgi_input = Body(
            self.rfile, self.content_length, self.socket if waits else None, is_chunked
        )
        environ: dict[str, Any] = self.server.get_environ()
        environ.update(fields)
        environ["REQUEST_METHOD"] = self.command
        environ["SCRIPT_NAME"] = ""
        environ["PATH_INFO"] = unquote(path, "latin-1") if "%" in path else path
        environ["QUERY_STRING"] = query
        environ["SERVER_PROTOCOL"] = self.request_version
        environ["wsgi.input"] = self.wsgi_input
        environ["wsgi.input_terminated"] = True
        if isinstance(self.client_address, tuple):
            # One that listens on :: hears of clients of IPv4 too, and calls them by IPv6's name.
            environ["REMOTE_ADDR"] = str(self.client_address[0]).removeprefix("::ffff:")
            environ["REMOTE_PORT"] = str(self.client_address[1])
        return environ

    def handle_one_response(self) -> None:
        """Let the application answer. What follows a broken body is not a request."""
        super().handle_one_response()
        if self.wsgi_input.is_broken:
            self.close_connection = True

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Take the answer's head; see PEP 3333. Raises ValueError for a line break in it."""
        if exc_info and self.headers_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        lines = [f"{name}: {value}\r\n" for name, value in headers]
        head = f"HTTP/1.1 {status}\r\n{''.join(lines)}"
        # Else a value could bring a header along, or a whole answer.
        if not head.count("\r") == head.count("\n") == len(lines) + 1:
            raise ValueError("a line break in the status or in a header")
        given = {name.lower(): value for name, value in headers}
        self._head, self.response_headers = head.encode("latin-1"), []
        self.status, self.code = status.encode("latin-1"), int(status.split(" ", 1)[0])
        self.provided_date = given.get("date")
        self.provided_content_length = given.get("content-length")
        self._is_last = given.get("connection") == "close"
        return self.write  # type: ignore[no-any-return]

    def finalize_headers(self) -> None:
        """Say with the answer that it is the connection's last, once the server stops."""
        if self.server.closed or self.wsgi_input.is_broken or self._is_last:
            self.close_connection = True
        if self.close_connection and not self._is_last:
            self.response_headers.append((b"Connection", b"close"))
        elif self.request_version == "HTTP/1.0":
            self.response_headers.append((b"Connection", b"keep-alive"))
        if self.provided_date is None:
            self.provided_date = _date(int(time.time()))
            self.response_headers.append((b"Date", self.provided_date))
        super().finalize_headers()

    def log_request(self) -> None:
        """Write no line: there is no access log."""

    def hang_up(self) -> None:
        """End the wait for another request. One that is here already is still answered."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)

    def _write_with_headers(self, data: bytes) -> None:
        self.headers_sent = True
        self.finalize_headers()
        more = [b"%s: %s\r\n" % pair for pair in self.response_headers]
        head = b"".join((self._head, *more, b"\r\n"))
        if self.response_use_chunked or len(data) > _JOINED_BYTES:
            self._sendall(head)
            self._write(data)
        else:
            self._sendall(head + data)


class Server(PyWSGIServer):  # type: ignore[misc]
    """A listening socket and its connections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        # Else gevent writes past the log.
        super().__init__(*args, error_log=LoggingLogAdapter(log), **options)
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


@lru_cache(maxsize=1)
def _date(now: int) -> bytes:
    """Return the header's value; it changes once a second."""
    return format_date_time(now)  # type: ignore[no-any-return]
