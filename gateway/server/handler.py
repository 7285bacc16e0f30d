"""One connection of gevent's WSGI server: heads read strictly, answers written in one piece.

What clients say is read by our own code, because gevent's takes more than HTTP allows, without a
limit in time, and for as long as bytes come nobody else has a turn. See
docs/adr/0013-a-lean-hot-path.md.
"""

from __future__ import annotations

import errno
import io
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from gevent.pywsgi import format_date_time
from gunicorn.workers.ggevent import PyWSGIHandler

from gateway.server.body import Body
from gateway.server.connection import Connection
from gateway.server.environment import CONNECTION, KNOWN
from gateway.server.refusal import refusal
from gateway.server.request_head import (
    MOST_LINES,
    BadHead,
    FieldsTooLarge,
    HeadTooLate,
    LineTooLong,
    keeps_open,
    parse_fields,
    parse_request_line,
)

if TYPE_CHECKING:
    from gateway.server.serving import Server

#: Most bytes of the first line, and of the head after it.
_LINE_BYTES: Final = 8192
_HEAD_BYTES: Final = 65_536
#: A body up to this goes out with its head: one system call, and one packet where it fits (bytes).
_JOINED_BYTES: Final = 65_536
_END: Final = b"\r\n\r\n"
#: Statuses whose answers have no body.
_WITHOUT_BODY: Final = (204, 304)
_FULL: Final = "This gateway has as many connections as it takes; come again in a moment."


class Handler(PyWSGIHandler):  # type: ignore[misc]
    """One connection."""

    #: What breaks a connection is the client's business, or the network's.
    ignored_socket_errors = (
        *(errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN, errno.ETIMEDOUT),
        *(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN),
    )

    #: The header lines of the request, as WSGI names them.
    _fields: dict[str, str]
    #: The head of the answer, as the application gave it, and what is added to it.
    _head: bytes
    response_headers: list[tuple[bytes, bytes]]
    provided_date: str | bytes | None
    _is_last: bool
    _is_event_stream: bool

    def __init__(self, sock: Any, address: object, server: Server) -> None:
        self.connection = Connection(sock, address, server.limits, server.callers, server.turns)
        super().__init__(sock, address, server, io.BufferedReader(self.connection))
        #: Requests that were answered, and whether the last one brought a key that is one.
        self._answered = 0
        self._is_known = False

    def handle(self) -> None:
        """Answer requests until the client, the server or a limit ends it."""
        callers, self.time_start = self.server.callers, time.time()
        if not callers.admit(self.connection):
            self._refuse(503, _FULL)
            return
        try:
            while self.handle_one_request():
                self._answered += 1
            self.connection.linger()
        except OSError:
            # The connection broke; who reads or sends notices, and there is nobody to tell.
            pass
        finally:
            callers.leave(self.connection)

    def handle_one_request(self) -> bool:
        """Answer the next request; False when none comes, or another must not follow."""
        try:
            if not self._await_request():
                return False
            self.read_request(self.read_requestline())
        except BadHead as exc:
            self._refuse(exc.status, str(exc))
            return False
        self.environ = self.get_environ()
        self.application = self.server.application
        self.handle_one_response()
        self._is_known = KNOWN in self.environ
        return not self.close_connection and self.wsgi_input.skip()

    def _await_request(self) -> bool:
        """Return at the first byte of the next request; False when there is none."""
        connection = self.connection
        connection.is_idle, connection.has_waited = True, False
        connection.allow(connection.limits.idle_s)
        if not self.rfile.peek(1):
            return False
        # Who sends before it has read, or has shown no key, goes on when it is its turn.
        if self._answered and not (connection.has_waited and self._is_known):
            connection.take_turn()
        connection.is_idle, self.time_start = False, time.time()
        connection.allow(connection.limits.head_s)
        return True

    def read_requestline(self) -> str:
        """Read the first line of the request. Raises BadHead."""
        line = self.rfile.readline(_LINE_BYTES)
        if line == b"\r\n":
            # Old clients end a body with one more line than it has: RFC 9112, section 2.2.
            line = self.rfile.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise self._unfinished() if len(line) < _LINE_BYTES else LineTooLong()
        return line.decode("latin-1")  # type: ignore[no-any-return]

    def read_request(self, raw_requestline: str) -> bool:
        """Read the rest of the head. Raises BadHead."""
        asked = parse_request_line(raw_requestline)
        self.command, self.path, version = asked.method, asked.target, asked.version
        self._fields = fields = parse_fields(self._read_head(), version)
        if asked.host is not None:
            fields["HTTP_HOST"] = asked.host
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
        head, lines = bytearray(), 0
        while not head.endswith(_END) and head != b"\r\n":
            line = self.rfile.readline(_HEAD_BYTES)
            head += line
            lines += 1
            if not line:
                raise self._unfinished()
            if len(head) > _HEAD_BYTES or lines > MOST_LINES + 1:
                raise FieldsTooLarge
        return bytes(head)

    def _unfinished(self) -> BadHead:
        return HeadTooLate() if self.connection.is_late else BadHead("the head breaks off")

    def get_environ(self) -> dict[str, Any]:
        """Return what the application is told."""
        fields, (path, _, query) = self._fields, self.path.partition("?")
        self.wsgi_input = Body(
            self.rfile,
            self.connection,
            self.content_length,
            is_chunked="HTTP_TRANSFER_ENCODING" in fields,
            # Of earlier versions it is to be ignored: RFC 9110, section 10.1.1.
            awaits_go=self.request_version == "HTTP/1.1"
            and fields.get("HTTP_EXPECT", "").lower() == "100-continue",
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
        environ[CONNECTION] = self
        if isinstance(self.client_address, tuple):
            # One that listens on :: hears of clients of IPv4 too, and calls them by IPv6's name.
            environ["REMOTE_ADDR"] = str(self.client_address[0]).removeprefix("::ffff:")
            environ["REMOTE_PORT"] = str(self.client_address[1])
        return environ

    def client_left(self) -> bool:
        """Whether the client of the request under way is gone, not only done with sending."""
        return self.connection.has_left(self._say_nothing)

    def _say_nothing(self) -> bool:
        """Send what means nothing: who is gone answers it with a reset. False: nothing fits."""
        if not self.headers_sent:
            # Earlier versions know no interim answers: these wait until they have theirs.
            if self.request_version == "HTTP/1.1":
                self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            return True
        if self._is_event_stream:
            self._write(b":\n\n")
        return self._is_event_stream

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
        self._is_event_stream = given.get("content-type", "").startswith("text/event-stream")
        return self.write  # type: ignore[no-any-return]

    def finalize_headers(self) -> None:
        """Say with the answer that it is the connection's last, once the server stops."""
        if self.server.closed or self.wsgi_input.is_beyond_reading or self._is_last:
            self.close_connection = True
        if self._is_unmeasured():
            self.close_connection = True
        if self.close_connection and not self._is_last:
            self.response_headers.append((b"Connection", b"close"))
        elif self.request_version == "HTTP/1.0":
            self.response_headers.append((b"Connection", b"keep-alive"))
        if self.provided_date is None:
            self.provided_date = _date(int(time.time()))
            self.response_headers.append((b"Date", self.provided_date))
        super().finalize_headers()
        if self.command == "HEAD":
            # Whatever the head says, nothing follows it: RFC 9110, section 9.3.2.
            self.response_use_chunked = False

    def _is_unmeasured(self) -> bool:
        """Whether nothing but the connection's end tells where the answer ends."""
        return (
            self.request_version == "HTTP/1.0"
            and self.provided_content_length is None
            and not hasattr(self.result, "__len__")
            and self.code not in _WITHOUT_BODY
        )

    def log_request(self) -> None:
        """Write no line: there is no access log."""

    def _sendall(self, data: bytes | bytearray) -> None:
        self.connection.send(data)
        self.response_length += len(data)

    def _refuse(self, status: int, why: str) -> None:
        """Answer what is no request, and let that be the end."""
        self.status, self.time_finish = str(status).encode(), time.time()
        with suppress(OSError):
            self.connection.send(refusal(status, why))
        self.log_request()

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


@lru_cache(maxsize=1)
def _date(now: int) -> bytes:
    """Return the header's value; it changes once a second."""
    return format_date_time(now)  # type: ignore[no-any-return]
