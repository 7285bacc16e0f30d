"""The gateway's HTTP server on a real socket: what it reads, refuses and answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import gevent
import pytest
from gevent import socket as gsocket
from gevent.event import Event
from gunicorn.config import Config
from gunicorn.glogging import Logger

from gateway.serving import Handler, Server

END = b"\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the path and the body; as a stream at /stream, unread at /unread."""
    path = environ["PATH_INFO"]
    if path == "/split":
        start_response("200 OK", [("X-Evil", "a\r\nX-Other: b")])
    body = b"" if path == "/unread" else environ["wsgi.input"].read()
    seen = f"{environ['REQUEST_METHOD']} {path} {environ['QUERY_STRING']} ".encode("latin-1") + body
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter((seen, b"", b"more"))
    start_response("200 OK", [("Content-Length", str(len(seen)))])
    return [seen]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    number = listener.getsockname()[1]
    serving, end = threading.Event(), []

    def serve() -> None:
        hub, ended = gevent.get_hub(), Event()
        end.append(lambda: hub.loop.run_callback_threadsafe(ended.set))
        server = Server(
            gsocket.socket(fileno=listener.detach()),
            application,
            log=Logger(Config()),
            handler_class=Handler,
            environ={"SERVER_NAME": "x"},
        )
        server.start()
        serving.set()
        ended.wait()
        server.stop(timeout=0)
        hub.destroy(destroy_loop=True)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert serving.wait(30)
    yield number
    end[0]()
    thread.join(30)


@pytest.fixture
def link(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        yield connection


def answers(link: socket.socket) -> bytes:
    """Return all that the server says until it closes the connection."""
    return b"".join(iter(lambda: link.recv(65536), b""))


def statuses(said: bytes) -> list[bytes]:
    return [part.split(b" ", 1)[0] for part in said.split(b"HTTP/1.1 ")[1:]]


def bodies(said: bytes) -> list[bytes]:
    return [part.partition(END)[2] for part in said.split(b"HTTP/1.1 ")[1:]]


def test_requests_on_one_connection_are_answered_in_turn(link: socket.socket) -> None:
    link.sendall(
        POST
        + b"Content-Length: 5\r\n\r\nhello"
        + b"GET /a%20b%e9?c=%20d HTTP/1.1\r\nHost: x\r\n\r\n"
        + POST
        + b"Transfer-Encoding: Chunked\r\nConnection: close\r\n\r\n"
        + b"3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
    )
    said = answers(link)
    assert bodies(said) == [b"POST /  hello", b"GET /a b\xe9 c=%20d ", b"POST /  hello"]
    assert [part.lower().count(b"connection: close") for part in said.split(b"HTTP/1.1 ")[1:]] == [
        0,
        0,
        1,
    ]
    assert said.lower().count(b"\r\ndate: ") == 3


def test_head_that_comes_in_pieces_is_read(link: socket.socket) -> None:
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = POST + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
    for at in range(len(request)):
        link.sendall(request[at : at + 1])
    assert bodies(answers(link)) == [b"POST /  ok"]


def test_head_of_old_clients_without_header_lines_is_read(link: socket.socket) -> None:
    link.sendall(b"GET /old HTTP/1.0\r\n\r\n")
    assert bodies(answers(link)) == [b"GET /old  "]


def test_large_head_is_read_and_a_larger_one_refused(link: socket.socket, port: int) -> None:
    link.sendall(POST + b"Connection: close\r\nX: " + b"x" * 30_000 + END)
    assert statuses(answers(link)) == [b"200"]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as other:
        # Just as much as the server reads: with anything unread, its end would be a reset.
        other.sendall(POST + b"X: " + b"x" * 65_533)
        assert statuses(answers(other)) == [b"431"]


def test_stream_is_sent_in_chunks(link: socket.socket) -> None:
    link.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert bodies(answers(link)) == [b"d\r\nGET /stream  \r\n4\r\nmore\r\n0\r\n\r\n"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", id="two framings"),
        pytest.param(b"Content-Length: 0\r\nContent-Length: 44\r\n", id="two lengths"),
        pytest.param(b"Transfer-Encoding: chunked, identity\r\n", id="two codings"),
        pytest.param(b"X: 1\r\n Content-Length: 44\r\n", id="a folded line"),
    ],
)
def test_smuggled_request_is_not_answered(link: socket.socket, lines: bytes) -> None:
    """What follows an ambiguous head is nobody's request."""
    link.sendall(POST + lines + b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    said = answers(link)
    assert statuses(said) == [b"400"]
    assert b"smuggled" not in said


@pytest.mark.parametrize("path", [b"/", b"/unread"])
@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(b"5\r\nhelloGET /smuggled", id="a chunk longer than it says"),
        pytest.param(b"xyz\r\nhello\r\n0\r\n\r\n", id="no number"),
        pytest.param(b"\r\nhello\r\n0\r\n\r\n", id="an empty number"),
        pytest.param(b"-5\r\nhello\r\n0\r\n\r\n", id="a negative number"),
        pytest.param(b"5\nhello\n0\n\n", id="line feeds alone"),
        pytest.param(b"0\r\nb\x00d: 1\r\n\r\n", id="a trailer that is none"),
    ],
)
def test_nothing_behind_malformed_chunks_is_answered(
    link: socket.socket, path: bytes, chunks: bytes
) -> None:
    link.sendall(
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunks + b" HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    )  # fmt: skip
    said = answers(link)
    assert len(statuses(said)) == 1
    assert b"smuggled" not in said


def test_line_break_in_a_header_of_the_answer_is_refused(link: socket.socket) -> None:
    link.sendall(b"GET /split HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    said = answers(link)
    assert statuses(said) == [b"500"]
    assert b"X-Other" not in said
