"""Receivers that never end what they say: the attempt ends in time, and nobody waits for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import ssl

from shared.security.targets import TargetPolicy
from tests.acceptance.system.certificates import Authority
from tests.support.rude_receivers import ENDLESS, Deed, RudeReceiver, flood, never_reads, once
from workers.callbacks.answers import MOST_BYTES, MOST_INTERIM
from workers.callbacks.dialing import Limits
from workers.callbacks.outcome import CallbackAnswer
from workers.callbacks.sender import Sender

LIMITS = Limits(dns_s=0.5, connect_s=1.5, read_s=1.5, total_s=3)
#: What a turn of the loop may take beside a flood on a busy machine (seconds).
HELD_UP_S = 0.5


@pytest.fixture
def hostile() -> Iterator[Callable[[Deed], RudeReceiver]]:
    servers: list[RudeReceiver] = []

    def start(deed: Deed) -> RudeReceiver:
        servers.append(RudeReceiver(deed))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def post(url: str, body: bytes = b"{}", **options: Any) -> tuple[CallbackAnswer, float, float]:
    """Return the answer, how long it took, and the longest turn of another greenlet meanwhile."""
    sender, longest = Sender(TargetPolicy(allow_private=True), LIMITS, **options), 0.0

    def watch() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            gevent.sleep(0.001)
            longest = max(longest, time.monotonic() - began)

    watcher = gevent.spawn(watch)
    began = time.monotonic()
    answer = sender.post(url, body, {})
    took = time.monotonic() - began
    watcher.kill()
    sender.close()
    return answer, took, longest


#: What the attempt comes to (error and status) where it is not an error of the protocol.
OTHERWISE = {
    "100s byte by byte": ("timeout", None),
    "an extension": ("", 200),
    "tiny chunks": ("", 200),
    "trailers": ("", 200),
    "a body": ("", 500),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_attempt_ends_in_time_and_holds_up_nobody_when_the_receiver_never_ends(
    hostile: Any, name: str
) -> None:
    answer, took_s, held_up_s = post(hostile(ENDLESS[name]).url)
    assert (answer.error, answer.status) == OTHERWISE.get(name, ("protocol", None)), answer
    assert took_s < LIMITS.total_s + HELD_UP_S
    assert held_up_s < HELD_UP_S


def test_attempt_ends_in_time_when_the_receiver_never_reads(hostile: Any) -> None:
    answer, took_s, _ = post(hostile(never_reads).url, b"x" * 50_000_000)
    assert (answer.error, answer.timed_out) == ("timeout", True)
    assert took_s < LIMITS.total_s + HELD_UP_S


def test_interim_answers_come_before_the_answer(hostile: Any) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    final = b"HTTP/1.1 204 No Content\r\n\r\n"
    answer, _, _ = post(hostile(once(interim * (MOST_INTERIM // 2) + final)).url)
    assert answer.status == 204


def test_answer_may_have_large_headers(hostile: Any) -> None:
    headers = b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(50))
    said = b"HTTP/1.1 200 OK\r\n" + headers + b"content-length: 2\r\n\r\nok"
    assert len(said) < MOST_BYTES
    answer, _, _ = post(hostile(once(said)).url)
    assert (answer.status, answer.head) == (200, "ok")


def test_what_a_receiver_says_instead_of_an_answer_is_kept_in_part(hostile: Any) -> None:
    answer, _, _ = post(hostile(once(b"\0" * 60_000 + b"\r\n")).url)
    assert answer.error == "protocol"
    assert len(answer.detail) < 400


def drip_handshake(sock: socket.socket) -> None:
    sock.recv(65536)
    # A record of a server hello that never gets complete.
    for byte in b"\x16\x03\x03\x40\x00\x02" + b"\0" * 1000:
        sock.sendall(bytes([byte]))
        time.sleep(0.1)


@pytest.mark.parametrize("deed", [drip_handshake, never_reads])
def test_handshake_ends_in_the_time_of_a_connection(hostile: Any, deed: Deed) -> None:
    answer, took_s, _ = post(hostile(deed).url.replace("http:", "https:"))
    assert (answer.error, answer.timed_out, answer.ip) == ("connect_timeout", True, "127.0.0.1")
    assert took_s < LIMITS.connect_s + HELD_UP_S


def test_flood_over_tls_holds_up_nobody(hostile: Any, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.context("good")
    deed = flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999)

    def encrypted(sock: socket.socket) -> None:
        with server.wrap_socket(sock, server_side=True) as tls:
            deed(tls)

    # gevent's, as the worker has: a wait for bytes is a turn for others.
    context = ssl.create_default_context(cafile=str(authority.file))
    url = hostile(encrypted).url.replace("http:", "https:")
    answer, _, held_up_s = post(url, context=context)
    assert answer.error == "protocol", answer
    assert held_up_s < HELD_UP_S


def test_names_that_resolve_are_looked_up_beside_many_that_do_not(hostile: Any) -> None:
    server, enough = hostile(once(b"HTTP/1.1 204 Yes\r\n\r\n")), threading.Event()

    def lookup(host: str, port: int) -> list[Any]:
        if host.startswith("slow"):
            enough.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    sender = Sender(TargetPolicy(allow_private=True), LIMITS, lookup)
    url = server.url.replace("127.0.0.1", "good.example.com")
    assert sender.post(url, b"{}", {}).status == 204
    slow = [
        gevent.spawn(sender.post, f"http://slow{n}.example.com/", b"{}", {}) for n in range(200)
    ]
    gevent.sleep(0.1)
    assert sender.post(url, b"{}", {}).status == 204
    gevent.joinall(slow)
    assert {one.value.error for one in slow} == {"dns"}
    assert sender.post(url, b"{}", {}).status == 204
    enough.set()
    sender.close()


def test_name_is_looked_up_once_however_many_wait_for_it(hostile: Any) -> None:
    server, asked = hostile(once(b"HTTP/1.1 204 Yes\r\n\r\n")), []

    def lookup(host: str, port: int) -> list[Any]:
        asked.append(host)
        time.sleep(0.1)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    sender = Sender(TargetPolicy(allow_private=True), LIMITS, lookup)
    url = server.url.replace("127.0.0.1", "good.example.com")
    posts = [gevent.spawn(sender.post, url, b"{}", {}) for _ in range(40)]
    gevent.joinall(posts)
    assert [one.value.status for one in posts] == [204] * 40
    assert len(asked) == 1
    sender.close()
