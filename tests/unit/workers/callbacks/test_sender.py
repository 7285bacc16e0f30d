"""One POST over real sockets: what is sent, what is read, and what may be dialled."""

from __future__ import annotations

import gc
import gzip
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.server import StreamServer

from shared.security.targets import TargetPolicy
from tests.support.factories import new_settings
from tests.support.refused_targets import ALWAYS, MALFORMED, PRIVATE
from workers.callbacks.connections import Connection
from workers.callbacks.dialing import Limits
from workers.callbacks.outcome import CallbackAnswer, class_of_error
from workers.callbacks.sender import HEAD_BYTES, RESPONSE_BYTES, Sender

#: For those that hang: long enough for the others to answer on a busy machine.
LIMITS = Limits(dns_s=0.3, connect_s=20, read_s=1.5, total_s=2.5)
PATIENT = Limits(dns_s=20, connect_s=20, read_s=20, total_s=60)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
PUBLIC = "93.184.216.34"

Conversation = Callable[[Any], None]


class Receiver:
    """A server on the loopback that notes what comes in, and answers as told."""

    def __init__(self, answer: bytes | Conversation = OK, host: str = "127.0.0.1") -> None:
        self._answer = answer
        #: One entry per request: its bytes.
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent = 0
        self._server = StreamServer((host, 0), self._serve)
        self._server.start()
        self.port: int = self._server.server_port

    def url(self, path: str = "/cb", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def stop(self) -> None:
        self._server.stop(timeout=0)

    def _serve(self, sock: Any, address: Any) -> None:
        self.connections += 1
        while request := read_request(sock):
            self.requests.append(request)
            if callable(self._answer):
                self._answer(sock)
                return
            sock.sendall(self._answer)


def read_request(sock: Any) -> bytes:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            part = sock.recv(65536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += sock.recv(65536)
        return head + b"\r\n\r\n" + body
    except OSError:
        return b""


@pytest.fixture
def serve() -> Iterator[Callable[..., Receiver]]:
    receivers: list[Receiver] = []

    def start(*args: Any, **options: Any) -> Receiver:
        receivers.append(Receiver(*args, **options))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.stop()


@pytest.fixture
def senders() -> Iterator[Callable[..., Sender]]:
    made: list[Sender] = []

    def make(
        policy: TargetPolicy | None = None, limits: Limits = PATIENT, **options: Any
    ) -> Sender:
        made.append(Sender(policy or TargetPolicy(allow_private=True), limits, **options))
        return made[-1]

    yield make
    for sender in made:
        sender.close()


def resolving(*answers: list[str] | Exception) -> Callable[[str, int], list[Any]]:
    """Return a look-up that gives these answers in turn, the last one again and again."""
    left = list(answers)

    def lookup(host: str, port: int) -> list[Any]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return [(None, None, None, "", (address, port)) for address in answer]

    return lookup


def post(sender: Sender, url: str, body: bytes = b"{}") -> CallbackAnswer:
    return sender.post(url, body, {"webhook-id": "msg_1", "content-type": "application/json"})


# --- what is sent, and what is read -----------------------------------------------------------


def test_post_sends_path_query_headers_and_body_exactly(serve: Any, senders: Any) -> None:
    receiver = serve()
    path = "/a/../b%2fc//?x=%20+1&x=%c3%bc&y='\"<>"
    answer = post(senders(), receiver.url(path), '{"ü":1.50}'.encode())
    assert (answer.status, answer.head, answer.ip) == (200, "ok", "127.0.0.1")
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST {path} HTTP/1.1"
    assert body == '{"ü":1.50}'.encode()
    assert set(lines[1:]) == {
        f"Host: 127.0.0.1:{receiver.port}",
        "Accept-Encoding: identity",
        f"Content-Length: {len(body)}",
        "webhook-id: msg_1",
        "content-type: application/json",
    }


def test_post_uses_a_connection_again_while_it_is_open(serve: Any, senders: Any) -> None:
    receiver, sender = serve(), senders()
    for _ in range(3):
        assert post(sender, receiver.url()).status == 200
    assert (receiver.connections, len(receiver.requests)) == (1, 3)


def test_post_dials_anew_when_the_receiver_has_closed_the_connection(
    serve: Any, senders: Any
) -> None:
    def answer_and_close(sock: Any) -> None:
        sock.sendall(OK)
        sock.close()

    receiver, sender = serve(answer_and_close), senders()
    for _ in range(3):
        assert post(sender, receiver.url()).status == 200
        gevent.sleep(0.01)
    assert receiver.connections == 3


def test_post_tries_once_more_when_a_kept_connection_breaks_under_it(
    serve: Any, senders: Any
) -> None:
    turns = iter([OK, b"", OK])

    def answer(sock: Any) -> None:
        sock.sendall(next(turns))
        if read_request(sock):
            next(turns)
        sock.close()

    receiver, sender = serve(answer), senders()
    assert post(sender, receiver.url()).status == 200
    assert post(sender, receiver.url()).status == 200
    assert receiver.connections == 2


@pytest.mark.parametrize(
    ("error", "connected", "name"),
    [
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), True, "reset"),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed (EOF)"), True, "reset"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), False, "tls"),
        (ssl.SSLError(1, "wrong version number"), True, "tls"),
    ],
)
def test_tls_that_was_cut_is_a_connection_that_was(
    error: ssl.SSLError, connected: bool, name: str
) -> None:
    assert class_of_error(error, connected=connected) == name


@pytest.mark.parametrize("broken", [ssl.SSLEOFError(8, "EOF"), ssl.SSLError(1, "bad record mac")])
def test_post_tries_once_more_when_tls_of_a_kept_connection_is_cut(
    serve: Any, senders: Any, monkeypatch: pytest.MonkeyPatch, broken: ssl.SSLError
) -> None:
    receiver, sender = serve(), senders()
    assert post(sender, receiver.url()).status == 200
    sent = Connection.send

    def cut(self: Connection, data: Any) -> None:
        if self.used_at_s:
            raise broken
        sent(self, data)

    monkeypatch.setattr(Connection, "send", cut)
    assert post(sender, receiver.url()).status == 200
    assert (receiver.connections, len(receiver.requests)) == (2, 2)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_post_follows_no_redirect(serve: Any, senders: Any, status: int) -> None:
    elsewhere = serve()
    text = f"HTTP/1.1 {status} No\r\nlocation: {elsewhere.url()}\r\ncontent-length: 0\r\n\r\n"
    assert post(senders(), serve(text.encode()).url()).status == status
    assert elsewhere.connections == 0


def test_post_uses_no_proxy_of_the_environment(
    serve: Any, senders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, receiver = serve(), serve()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert post(senders(), receiver.url()).status == 200
    assert proxy.connections == 0


def test_post_reads_16_kib_of_a_huge_answer_and_closes(serve: Any, senders: Any) -> None:
    def pour(sock: Any) -> None:
        sock.sendall(b"HTTP/1.1 500 No\r\ncontent-length: 10000000000\r\n\r\n")
        try:
            while True:
                sock.sendall(b"x" * 65536)
                receiver.sent += 65536
        except OSError:
            receiver.sent *= -1

    receiver = serve(pour)
    answer = post(senders(), receiver.url())
    assert (answer.status, answer.head) == (500, "x" * HEAD_BYTES)
    with gevent.Timeout(60):
        while receiver.sent >= 0:
            gevent.sleep(0.01)
    # What the socket buffers took, and no more.
    assert -receiver.sent < 20_000_000


def test_post_does_not_unpack_what_the_receiver_has_packed(serve: Any, senders: Any) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
    answer = post(senders(), serve(head + bomb).url())
    assert answer.status == 200
    assert len(answer.head) <= HEAD_BYTES
    assert len(bomb) > RESPONSE_BYTES


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("retry-after: 120", 120, id="seconds"),
        pytest.param("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", 0, id="a date that has passed"),
        pytest.param("retry-after: soon", None, id="garbage"),
    ],
)
def test_post_tells_when_to_try_again(
    serve: Any, senders: Any, header: str, seconds: float | None
) -> None:
    text = f"HTTP/1.1 429 No\r\n{header}\r\ncontent-length: 0\r\n\r\n"
    assert post(senders(), serve(text.encode()).url()).retry_after_s == seconds


def test_post_tells_that_the_receiver_wants_no_more(serve: Any, senders: Any) -> None:
    text = b"HTTP/1.1 200 OK\r\nWebhook-Delivery: abort-message\r\ncontent-length: 0\r\n\r\n"
    assert post(senders(), serve(text).url()).abort


# --- what goes wrong --------------------------------------------------------------------------


def hang(sock: Any) -> None:
    gevent.sleep(30)


def drip(sock: Any) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1000:
        sock.sendall(bytes([byte]))
        gevent.sleep(0.05)


def reset(sock: Any) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def say_nothing(sock: Any) -> None:
    sock.close()


def talk_nonsense(sock: Any) -> None:
    sock.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    sock.close()


def endless_headers(sock: Any) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n")


@pytest.mark.parametrize(
    ("answer", "error", "timed_out"),
    [
        pytest.param(hang, "timeout", True, id="hangs before its headers"),
        pytest.param(drip, "timeout", True, id="drips its headers"),
        pytest.param(reset, "reset", False, id="resets the connection"),
        pytest.param(say_nothing, "reset", False, id="closes without an answer"),
        pytest.param(talk_nonsense, "protocol", False, id="speaks something else"),
        pytest.param(endless_headers, "protocol", False, id="sends too many headers"),
    ],
)
def test_post_names_the_error_when_the_receiver(
    serve: Any, senders: Any, answer: Conversation, error: str, timed_out: bool
) -> None:
    limits = LIMITS if timed_out else PATIENT
    got = post(senders(limits=limits), serve(answer).url())
    assert (got.status, got.error, got.timed_out, got.ip) == (None, error, timed_out, "127.0.0.1")
    assert got.detail


def drip_body(sock: Any) -> None:
    sock.sendall(b"HTTP/1.1 503 No\r\ncontent-length: 1000\r\n\r\nno")
    gevent.sleep(30)


def reset_in_body(sock: Any) -> None:
    sock.sendall(b"HTTP/1.1 503 No\r\ncontent-length: 1000\r\n\r\nno")
    gevent.sleep(0.05)
    reset(sock)


@pytest.mark.parametrize("answer", [drip_body, reset_in_body])
def test_post_takes_the_status_whatever_becomes_of_the_body(
    serve: Any, senders: Any, answer: Conversation
) -> None:
    receiver, sender = serve(answer), senders(limits=LIMITS)
    for _ in range(2):
        got = post(sender, receiver.url())
        assert (got.status, got.head, got.error) == (503, "no", "")
    assert receiver.connections == 2


def test_post_names_the_error_when_nobody_listens(serve: Any, senders: Any) -> None:
    receiver = serve()
    receiver.stop()
    answer = post(senders(), receiver.url())
    assert (answer.error, answer.timed_out) == ("refused", False)


def test_post_names_the_error_when_the_name_does_not_exist(senders: Any) -> None:
    lookup = resolving(socket.gaierror(-2, "Name or service not known"))
    answer = post(senders(lookup=lookup), "http://nobody.example.com/cb")
    assert (answer.error, answer.timed_out, answer.ip) == ("dns", False, "")


def test_post_does_not_wait_for_names_longer_than_it_may(senders: Any) -> None:
    enough = threading.Event()

    def never(host: str, port: int) -> list[Any]:
        enough.wait(60)
        return []

    answer = post(senders(limits=LIMITS, lookup=never), "http://slow.example.com/cb")
    enough.set()
    assert (answer.error, answer.timed_out) == ("dns", True)


def test_posts_leave_no_socket_behind(serve: Any, senders: Any) -> None:
    sender = senders(limits=LIMITS)
    receivers = [serve(answer) for answer in (OK, hang, reset, drip_body, talk_nonsense)]
    jobs = [gevent.spawn(post, sender, r.url()) for r in receivers for _ in range(5)]
    gevent.joinall(jobs, raise_error=True)
    sender.close()
    gc.collect()
    ports = {receiver.port for receiver in receivers}
    assert not [s for s in gc.get_objects() if is_open_to(s, ports)]


def is_open_to(thing: Any, ports: set[int]) -> bool:
    if type(thing) is not socket.socket or thing.fileno() < 0:
        return False
    try:
        peer = thing.getpeername()
    except OSError:
        return False
    # Somebody else's may be one of a path.
    return isinstance(peer, tuple) and peer[1] in ports


# --- where it may go --------------------------------------------------------------------------


def no_network(host: str, port: int) -> list[Any]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(
    "url",
    [
        *[pytest.param(f"http://{h}/cb", id=name) for name, h in {**PRIVATE, **ALWAYS}.items()],
        *[pytest.param(url, id=name) for name, url in MALFORMED.items()],
    ],
)
def test_post_refuses_what_submission_refuses(senders: Any, url: str) -> None:
    policy = new_settings().callback_targets
    answer = post(senders(policy, lookup=no_network), url)
    assert (answer.status, answer.error, answer.ip) == (None, "policy", "")


ADDRESSES = {
    "loopback": "127.0.0.1",
    "private": "10.0.0.1",
    "metadata": "169.254.169.254",
    "metadata of Azure": "168.63.129.16",
    "IPv6 loopback": "::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "IPv6 link-local with a zone": "fe80::1%lo",
    "site-local": "fec0::1",
    "IPv4-compatible": "::7f00:1",
    "NAT64": "64:ff9b::7f00:1",
    "6to4": "2002:7f00:1::",
}


@pytest.mark.parametrize("address", [pytest.param(a, id=n) for n, a in ADDRESSES.items()])
@pytest.mark.parametrize("others", [[], [PUBLIC]], ids=["alone", "behind a public one"])
def test_post_refuses_a_name_that_resolves_to(
    senders: Any, monkeypatch: pytest.MonkeyPatch, address: str, others: list[str]
) -> None:
    dialled: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: dialled.append(to))
    sender = senders(new_settings().callback_targets, lookup=resolving([*others, address]))
    answer = post(sender, "http://receiver.example.com/cb")
    assert (answer.error, dialled) == ("policy", [])


def test_post_dials_the_address_it_judged_when_the_name_changes(
    senders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when asked first, private when asked again."""
    dialled: list[Any] = []

    def connect(self: Any, to: Any) -> None:
        dialled.append(to)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    lookup = resolving([PUBLIC], ["127.0.0.1"])
    sender = senders(new_settings().callback_targets, lookup=lookup)
    assert post(sender, "http://receiver.example.com/cb").error == "refused"
    assert dialled == [(PUBLIC, 80)]
    assert post(sender, "http://receiver.example.com/cb").error == "policy"
    assert dialled == [(PUBLIC, 80)]


def test_post_tries_the_next_address_when_the_first_does_not_connect(
    serve: Any, senders: Any
) -> None:
    receiver = serve()
    sender = senders(lookup=resolving(["127.0.0.99", "127.0.0.1"]))
    answer = post(sender, receiver.url(host="receiver.example.com"))
    assert (answer.status, answer.ip) == (200, "127.0.0.1")
    assert f"Host: receiver.example.com:{receiver.port}".encode() in receiver.requests[0]
