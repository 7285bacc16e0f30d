"""Pictures that an answer only names: what a provider says is no way into a private network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from shared.providers.provider import Provider
from tests.support.rude_receivers import Deed, RudeReceiver
from workers.deps import llm_session
from workers.providers.base import ProviderCall
from workers.providers.media.fetching import fetched

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64) + b"IEND\xaeB`\x82"


class Desk:
    def keep(self, pieces: Any, media_type: str) -> bytes:
        return b"".join(pieces)


class Inside:
    """A server that only this machine may ask; notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n" + PNG
        deed: Deed = self._say
        self.server = RudeReceiver(deed)
        self.port = int(self.server.url.rpartition(":")[2].split("/")[0])

    def _say(self, sock: socket.socket) -> None:
        if asked := sock.recv(65536):
            self.asked.append(asked)
            sock.sendall(self.answer)


@pytest.fixture
def inside() -> Iterator[Inside]:
    inside = Inside()
    yield inside
    inside.server.stop()


def fetch(url: str, base_url: str = "http://127.0.0.1:1/v1") -> Any:
    provider = Provider.model_validate({"name": "p", "base_url": base_url, "models": ["m"]})
    desk: Any = Desk()
    call = ProviderCall(
        provider, b"{}", api_key="sk-1", connect_timeout_s=30, timeout_s=30, desk=desk
    )
    session: requests.Session = llm_session(1)
    with session:
        return fetched(session, call, url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        *("2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0.0.0.0", "169.254.169.254"),
    ],
)
def test_picture_at_a_private_address_is_not_fetched(inside: Inside, host: str) -> None:
    assert fetch(f"http://{host}:{inside.port}/x.png") is None
    assert inside.asked == []


@pytest.mark.parametrize("between", ["\\", "\\\\", "\t\\"])
@pytest.mark.parametrize("own", ["@llm.invalid", ".llm.invalid"])
def test_url_that_two_readers_read_differently_is_no_way_inside(
    inside: Inside, between: str, own: str
) -> None:
    url = f"http://127.0.0.1:{inside.port}{between}{own}/x.png"
    assert fetch(url, "http://llm.invalid/v1") is None
    assert inside.asked == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "//h/x", "", "http://", "x"])
def test_what_is_no_url_of_the_web_is_not_fetched(url: str) -> None:
    assert fetch(url) is None


def test_name_that_leads_inside_when_it_is_dialled_is_not_asked(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", inside.port))
    monkeypatch.setattr("urllib3.util.connection.socket.getaddrinfo", lambda *_: [there])
    assert fetch(f"http://pictures.example.com:{inside.port}/x.png") is None
    assert inside.asked == []


def test_providers_own_place_is_asked_with_its_key_and_its_redirect_is_not_followed(
    inside: Inside,
) -> None:
    base_url = f"http://127.0.0.1:{inside.port}/v1"
    assert fetch(f"http://127.0.0.1:{inside.port}/x.png", base_url) == PNG
    assert b"Authorization: Bearer sk-1" in inside.asked[0]
    other = Inside()
    head = f"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{other.port}/\r\n\r\n"
    inside.answer = head.encode()
    assert fetch(f"http://127.0.0.1:{inside.port}/x.png", base_url) is None
    assert other.asked == []
    other.server.stop()


def test_what_is_no_picture_is_not_kept(inside: Inside) -> None:
    inside.answer = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n<html>secret</html>"
    base_url = f"http://127.0.0.1:{inside.port}/v1"
    assert fetch(f"http://127.0.0.1:{inside.port}/x.png", base_url) is None
