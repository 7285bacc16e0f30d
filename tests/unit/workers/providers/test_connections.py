"""Connections to providers: kept, given up when the other side has, and written to in one piece."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection as Plain
from typing import Any

import pytest
import requests
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.egress.way_out import Egress
from shared.providers.provider import Provider
from shared.security.provider_places import ProviderPlaces
from shared.security.targets import target_policy
from workers.deps import llm_session
from workers.providers import http
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.connections import Adapter
from workers.providers.openai import OpenAiDialect

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Server:
    """Answers each request with `{}`; may hang up after an answer without having said so.

    `answers`: how many of a connection's requests it answers; it hangs up on the next.
    """

    hangs_up: bool = False
    answers: int = 1_000
    answer: bytes = ANSWER
    requests: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    heads: list[list[bytes]] = field(default_factory=list)
    connections: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1/x"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        left = self.answers
        # Whoever has given up may reset the connection.
        with suppress(ConnectionError), connection, connection.makefile("rb") as file:
            while line := file.readline():
                head = [line, *iter(file.readline, b"\r\n")]
                self.lines.append(line)
                self.heads.append(head)
                length = next(int(h[15:]) for h in head if h.lower().startswith(b"content-length:"))
                self.requests.append(file.read(length))
                left -= 1
                if left < 0:
                    return
                connection.sendall(self.answer)
                if self.hangs_up:
                    return


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    thread.join(30)


def post(session: requests.Session, server: Server, body: bytes) -> bytes:
    return session.post(server.url, data=body, timeout=60).content


def test_connection_serves_one_call_after_the_other(server: Server) -> None:
    session = llm_session(10)
    for body in (b"1", b"22", b"x" * 1_000_000, b""):
        assert post(session, server, body) == b"{}"
    assert server.requests == [b"1", b"22", b"x" * 1_000_000, b""]
    assert server.connections == 1


def test_connection_that_was_hung_up_is_not_written_to(server: Server) -> None:
    """No call fails because its provider closes idle connections, and none is sent twice."""
    session = llm_session(10)
    server.hangs_up = True
    for number in range(5):
        assert post(session, server, b"%d" % number) == b"{}"
        pool = session.get_adapter(server.url).get_connection_with_tls_context(  # type: ignore[attr-defined]
            requests.Request("POST", server.url).prepare(), verify=True
        )
        idle = pool.pool.get_nowait()
        # The end has come in: the poll sees what is here, and does not wait for what is not.
        idle.sock.settimeout(60)
        assert idle.sock.recv(1, socket.MSG_PEEK) == b""
        pool.pool.put_nowait(idle)
    assert server.requests == [b"0", b"1", b"2", b"3", b"4"]
    assert server.connections == 5


class Pieces:
    """A body that is not whole in memory."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"a", b"bc")


@pytest.mark.parametrize("body", [b"abc", Pieces()], ids=["whole", "in pieces"])
def test_call_under_which_a_kept_connection_breaks_goes_out_again_over_a_fresh_one(
    server: Server, body: Any
) -> None:
    server.answers = 2
    call = ProviderCall(
        provider=Provider.model_validate({"name": "p", "base_url": "http://x/v1", "models": ["m"]}),
        body=b"{}",
        api_key=None,
        connect_timeout_s=60,
        timeout_s=60,
    )
    session = llm_session(10)
    for _ in range(4):
        assert http.ask(session, call, http.Target(server.url), body) == b"{}"
    assert server.requests == [b"abc"] * 5
    assert server.connections == 2


def test_call_over_a_fresh_connection_goes_out_once(server: Server) -> None:
    server.answers = 0
    with pytest.raises(requests.ConnectionError):
        post(llm_session(10), server, b"1")
    assert server.requests == [b"1"]


def test_tls_that_is_cut_is_a_connection_that_was_dropped(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(self: HTTPConnection) -> Any:
        raise ssl.SSLEOFError(8, "EOF occurred in violation of protocol")

    session = llm_session(10)
    assert post(session, server, b"1") == b"{}"
    monkeypatch.setattr(HTTPConnection, "getresponse", cut)
    with pytest.raises(requests.ConnectionError) as told:
        post(session, server, b"2")
    assert not isinstance(told.value, requests.exceptions.SSLError)


def test_connections_are_asked_whether_they_are_there_while_they_are_quiet(server: Server) -> None:
    pool = (
        llm_session(1)
        .get_adapter(server.url)
        .get_connection_with_tls_context(  # type: ignore[attr-defined]
            requests.Request("POST", server.url).prepare(), verify=True
        )
    )
    connection = pool._get_conn()
    connection.connect()
    assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
    connection.close()


@pytest.mark.parametrize(("size", "pieces"), [(10, 1), (0, 1), (1_000_000, 2)])
def test_head_and_body_go_out_in_one_piece_if_they_are_small(
    server: Server, monkeypatch: pytest.MonkeyPatch, size: int, pieces: int
) -> None:
    sent: list[bytes] = []
    send = Plain.send

    def spy(self: Plain, data: Any) -> None:
        sent.append(data)
        send(self, data)

    monkeypatch.setattr(Plain, "send", spy)
    assert post(llm_session(1), server, b"x" * size) == b"{}"
    assert len(sent) == pieces
    assert b"".join(sent).endswith(b"\r\n\r\n" + b"x" * size)


def test_hosts_and_schemes_have_pools_of_their_own() -> None:
    adapter = Adapter()

    def pool(url: str, **options: Any) -> Any:
        request = requests.Request("POST", url).prepare()
        return adapter.get_connection_with_tls_context(request, **{"verify": True, **options})

    first = pool("http://a:1/x")
    assert pool("http://a:1/y?z=1") is first
    urls = ("http://a:2/x", "http://b:1/x", "https://a:1/x")
    assert len({id(pool(url)) for url in urls} | {id(first)}) == 4
    assert issubclass(first.ConnectionCls, HTTPConnection)
    assert issubclass(pool("https://a:1/x").ConnectionCls, HTTPSConnection)
    assert pool("https://a:1/x", verify=False) is not pool("https://a:1/x")


# What tests before it have left to the garbage collector is found here.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_more_pools_are_kept_than_may() -> None:
    adapter = Adapter(pool_connections=2)

    def pool(host: str) -> Any:
        request = requests.Request("POST", f"http://{host}/").prepare()
        return adapter.get_connection_with_tls_context(request, verify=True)

    first = weakref.ref(pool("a"))
    for host in "bcde":
        assert pool(host) is pool(host)
    gc.collect()
    assert first() is None


def test_request_through_a_proxy_has_the_whole_url_and_the_password(server: Server) -> None:
    session, request = llm_session(1), requests.Request("POST", "http://llm.example.com/v1/x")
    proxy = server.url.removesuffix("/v1/x").replace("//", "//me:pass@")
    adapter = session.get_adapter("http://")
    for _ in range(2):
        answer = adapter.send(request.prepare(), proxies={"http": proxy}, timeout=60)
        assert answer.content == b"{}"
    assert server.lines == [b"POST http://llm.example.com/v1/x HTTP/1.1\r\n"] * 2
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==\r\n" in server.heads[0]
    assert server.connections == 1


def test_proxy_that_wants_another_password_is_told_from_the_provider(server: Server) -> None:
    server.answer = b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"
    call = ProviderCall(
        provider=Provider.model_validate({"name": "p", "base_url": "http://x/v1", "models": ["m"]}),
        body=b"{}",
        api_key=None,
        connect_timeout_s=60,
        timeout_s=60,
        egress=Egress({"proxies": {"http": server.url.removesuffix("/v1/x")}}),
    )
    with pytest.raises(ProviderError) as told:
        OpenAiDialect().ask(llm_session(1), call)
    assert str(told.value) == (
        "Provider 'p' could not be reached through its proxy: 407 Proxy Authentication Required."
    )
    assert told.value.transient


def test_ways_out_have_pools_of_their_own() -> None:
    adapter = Adapter()

    def pool(proxy: str = "", **options: Any) -> Any:
        request = requests.Request("POST", "https://a:1/x").prepare()
        proxies = {"https": proxy} if proxy else {}
        return adapter.get_connection_with_tls_context(
            request, **{"verify": True, "proxies": proxies, **options}
        )

    ways: list[dict[str, Any]] = [
        {},
        {"proxy": "http://p:1"},
        {"proxy": "http://q:1"},
        {"verify": "/ca.pem"},
        {"cert": "/me.pem"},
        {"cert": ("/me.pem", "/me.key")},
    ]
    pools = [pool(**way) for way in ways]
    assert len({id(one) for one in pools}) == len(ways)
    assert [pool(**way) for way in ways] == pools
    assert all(one.ConnectionCls.__name__ == "_TlsConnection" for one in pools)


def test_address_that_was_dialled_is_judged_before_a_byte_is_sent(server: Server) -> None:
    session = llm_session(1, ProviderPlaces(allow_private=False))
    # A name whose address nobody could judge before.
    url = server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(requests.ConnectionError, match=r"no provider may be at .* \(loopback\)"):
        session.post(url, data=b"{}", headers={"Authorization": "Bearer sk-1"})
    assert server.heads == []
    exempt = target_policy(allow_private=False, allow="localhost", refused_ports="")
    assert llm_session(1, ProviderPlaces(False, exempt)).post(url, data=b"{}").status_code == 200
