"""The gateway's HTTP server on a real socket: what it reads, refuses and answers."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest
from gevent import socket as gsocket
from gevent.event import Event
from gunicorn.config import Config
from gunicorn.glogging import Logger

from gateway.server.handler import Handler
from gateway.server.limits import Limits
from gateway.server.serving import Server
from gateway.waiting.disconnect import client_left

END = b"\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


#: Set when the application noticed that its client is gone, and that it took no answer.
LEFT, CUT_OFF = threading.Event(), threading.Event()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the path and the body; as a stream at /stream, unread at /unread.

    /patient looks for its client for two seconds, /large has an answer that fits nowhere.
    """
    path = environ["PATH_INFO"]
    if path == "/split":
        start_response("200 OK", [("X-Evil", "a\r\nX-Other: b")])
    if path == "/patient":
        return patient(environ, start_response)
    if path == "/large":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return large()
    try:
        body = b"" if path == "/unread" else environ["wsgi.input"].read()
    except OSError:
        start_response("400 Bad Request", [("Content-Length", "0")])
        return [b""]
    seen = f"{environ['REQUEST_METHOD']} {path} {environ['QUERY_STRING']} ".encode("latin-1") + body
    if environ.get("HTTP_X_TELL"):
        seen += environ["HTTP_HOST"].encode("latin-1")
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter(() if environ["REQUEST_METHOD"] == "HEAD" else (seen, b"", b"more"))
    start_response("200 OK", [("Content-Length", str(len(seen)))])
    return [seen]


def patient(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    has_left = client_left(environ)
    until = time.monotonic() + 2
    while time.monotonic() < until and not has_left():
        gevent.sleep(0.1)
    if time.monotonic() < until:
        LEFT.set()
    start_response("200 OK", [("Content-Length", "20")])
    return [b"it waited to the end"]


def large() -> Iterator[bytes]:
    try:
        while True:
            yield b"x" * 1_000_000
    finally:
        CUT_OFF.set()


@contextmanager
def serving(limits: Limits) -> Iterator[int]:
    """Serve the application in a thread for the length of the block, at this port."""
    listener = socket.create_server(("127.0.0.1", 0))
    number = listener.getsockname()[1]
    started, end = threading.Event(), []

    def serve() -> None:
        hub, ended = gevent.get_hub(), Event()
        end.append(lambda: hub.loop.run_callback_threadsafe(ended.set))
        server = Server(
            gsocket.socket(fileno=listener.detach()),
            application,
            log=Logger(Config()),
            handler_class=Handler,
            environ={"SERVER_NAME": "x"},
            limits=limits,
        )
        server.start()
        started.set()
        ended.wait()
        server.stop(timeout=0)
        hub.destroy(destroy_loop=True)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(30)
    yield number
    end[0]()
    thread.join(30)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(Limits()) as number:
        yield number


@pytest.fixture(scope="module")
def hasty_port() -> Iterator[int]:
    """A server with little time, and few places."""
    hasty = Limits(
        connections=4, per_address=3, head_s=0.2, idle_s=1, body_s=0.2, send_s=0.2, rest_s=0.2
    )
    with serving(hasty) as number:
        yield number


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


def test_those_who_have_left_already_are_let_go_of_at_once() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    place = listener.getsockname()
    server = Server(gsocket.socket(fileno=listener.detach()), application, log=Logger(Config()))
    try:
        for end in (socket.socket.close, _reset, _say_no_more):
            end(socket.create_connection(place, timeout=30))
        with socket.create_connection(place, timeout=30) as link:
            taken = server.do_read()
            assert taken is not None
            with taken[0] as accepted:
                assert accepted.getpeername() == link.getsockname() == taken[1]
        assert server.do_read() is None
    finally:
        server.stop(timeout=0)


def _reset(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def _say_no_more(link: socket.socket) -> None:
    with link:
        link.shutdown(socket.SHUT_WR)


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
        pytest.param(b"Transfer-Encoding: chunked, chunked\r\n", id="one coding twice"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", id="said twice"
        ),
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
        pytest.param(b"05\r\nhello\n00\r\n\r\n", id="a line feed behind a chunk"),
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


def half_close(link: socket.socket) -> bytes:
    """Say that nothing more is sent; return all that is answered."""
    link.shutdown(socket.SHUT_WR)
    return answers(link)


def test_client_that_has_closed_its_end_gets_its_answer(link: socket.socket) -> None:
    link.sendall(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
    assert bodies(half_close(link)) == [b"GET /half  "]


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
def test_client_that_has_closed_its_end_counts_as_there_while_it_waits(
    link: socket.socket, version: bytes
) -> None:
    link.sendall(b"GET /patient " + version + b"\r\nHost: x\r\n\r\n")
    said = half_close(link)
    assert b"it waited to the end" in said


def test_client_that_is_gone_is_noticed_while_it_waits(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as gone:
        gone.sendall(b"GET /patient?gone HTTP/1.1\r\nHost: x\r\n\r\n")
    assert LEFT.wait(10)


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        pytest.param(b"http://other:81/a?b=c", b"/a b=c other:81", id="absolute"),
        pytest.param(b"HTTPS://other", b"/  other", id="absolute without a path"),
        pytest.param(b"http://[::1]:5?q", b"/ q [::1]:5", id="absolute with a query alone"),
    ],
)
def test_target_in_absolute_form_names_the_host(
    link: socket.socket, target: bytes, seen: bytes
) -> None:
    link.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nX-Tell: host\r\n\r\n")
    [body] = bodies(half_close(link))
    assert body == b"GET " + seen


@pytest.mark.parametrize(
    "host", [b"a b", b"a/b", b"user@a", b"a:b", b"a:99999", b"", b"[::1", b"a,b", b"\xe9"]
)
def test_host_that_is_none_is_refused(link: socket.socket, host: bytes) -> None:
    link.sendall(b"GET / HTTP/1.1\r\nHost: " + host + END)
    assert statuses(half_close(link)) == [b"400"]


def test_line_feed_alone_in_a_size_line_is_refused(link: socket.socket) -> None:
    link.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\na\r\n0\r\n\r\n")
    assert statuses(half_close(link)) == [b"400"]


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(b"1;" + b"x" * 5000 + b"\r\na\r\n0\r\n\r\n", id="one long extension"),
        pytest.param(b"1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n" * 2000, id="many extensions"),
        pytest.param(b"0\r\n" + b"a: b\r\n" * 5000 + b"\r\n", id="many trailers"),
        pytest.param(b"f" * 17 + b"\r\n", id="a size of 68 bits"),
    ],
)
def test_what_stands_beside_a_body_is_limited(link: socket.socket, chunks: bytes) -> None:
    link.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert statuses(answers(link)) == [b"400"]


def test_size_that_is_only_said_takes_no_memory(link: socket.socket) -> None:
    link.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 12 + b"\r\nabc")
    assert statuses(half_close(link)) == [b"400"]


def test_little_that_was_not_read_is_skipped(link: socket.socket) -> None:
    link.sendall(
        b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000
    )
    link.sendall(b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
    assert statuses(half_close(link)) == [b"200", b"200"]


def test_much_that_was_not_read_ends_the_connection(link: socket.socket) -> None:
    link.sendall(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
    sent, said = 0, b""
    with pytest.raises(OSError):  # noqa: PT011, PT012 - reset, or a broken pipe
        while sent < 999_999_999:
            sent += link.send(b"x" * 65_536)
            said += receive_some(link)
    said += answers(link)
    assert statuses(said) == [b"200"]
    assert b"Connection: close" in said
    # What the systems on both sides hold, and no more.
    assert sent < 20_000_000


def receive_some(link: socket.socket) -> bytes:
    try:
        return link.recv(65_536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def test_body_that_nobody_asked_for_is_not_awaited(link: socket.socket) -> None:
    """The client waits for `100 Continue`, which never comes."""
    link.sendall(
        b"POST /unread HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    )
    assert statuses(answers(link)) == [b"200"]


def test_nothing_follows_the_head_of_a_stream(link: socket.socket) -> None:
    link.sendall(b"HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    link.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert bodies(answers(link)) == [b"", b"GET /a  "]


def test_old_client_is_told_by_the_end_that_a_stream_has_ended(link: socket.socket) -> None:
    link.sendall(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert bodies(answers(link)) == [b"GET /stream  more"]


def test_old_client_that_knows_no_interim_answer_gets_none(link: socket.socket) -> None:
    link.sendall(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
    assert statuses(answers(link)) == [b"200"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"GET / HT", [b"408"], id="half a line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n", [b"408"], id="half a head"),
        pytest.param(POST + b"Content-Length: 9\r\n\r\nabc", [b"400"], id="half a body"),
    ],
)
def test_client_that_is_too_slow_is_cut_off(
    hasty_port: int, sent: bytes, status: list[bytes]
) -> None:
    with socket.create_connection(("127.0.0.1", hasty_port), timeout=30) as link:
        link.sendall(sent)
        assert statuses(answers(link)) == status


def test_client_that_takes_no_answer_is_cut_off(hasty_port: int) -> None:
    with socket.create_connection(("127.0.0.1", hasty_port), timeout=30) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert CUT_OFF.wait(30)


def test_new_client_takes_the_place_of_the_one_that_is_idle_longest(hasty_port: int) -> None:
    """Four places, three for an address; the clients of one address get no more."""
    with (
        socket.create_connection(("127.0.0.1", hasty_port), timeout=30) as first,
        socket.create_connection(("127.0.0.1", hasty_port), timeout=30) as second,
        socket.create_connection(("127.0.0.1", hasty_port), timeout=30) as third,
    ):
        for link in (first, second, third):
            link.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            assert link.recv(65_536)
        with socket.create_connection(("127.0.0.1", hasty_port), timeout=30) as fourth:
            fourth.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert statuses(answers(fourth)) == [b"200"]
        assert answers(first) == b""
