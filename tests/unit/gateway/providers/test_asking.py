"""What the gateway itself asks a provider's server: an answer in bounds, or none."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

import pytest
import requests

from gateway.providers import asking
from gateway.providers.asking import asked
from shared.security.provider_places import ANYWHERE, ProviderPlaces
from tests.support.rude_receivers import ENDLESS, Deed, RudeReceiver, flood, once

START = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def hostile() -> Iterator[Callable[[Deed], str]]:
    servers: list[RudeReceiver] = []

    def start(deed: Deed) -> str:
        servers.append(RudeReceiver(deed))
        return servers[-1].url

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize(
    "deed",
    [
        *(
            pytest.param(ENDLESS[name], id=name)
            for name in ("100s", "103s", "headers", "a header", "tiny chunks", "trailers")
        ),
        pytest.param(flood(START, b"x" * 9999), id="a body"),
        pytest.param(once(b"HTTP/1.1 302 Found\r\nlocation: http://x/\r\n\r\n"), id="elsewhere"),
        pytest.param(once(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"), id="cut off"),
    ],
)
def test_upstream_that_never_ends_is_not_listened_to(
    hostile: Callable[[Deed], str], monkeypatch: pytest.MonkeyPatch, deed: Deed
) -> None:
    monkeypatch.setattr(asking, "_TIMEOUT_S", 0.5)
    with pytest.raises(requests.RequestException):
        asked(hostile(deed), {}, {}, ANYWHERE, {})


def test_what_is_compressed_all_the_same_stays_so(hostile: Callable[[Deed], str]) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    url = hostile(once(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb))
    assert asked(url, {}, {}, ANYWHERE, {}) == bomb


def test_address_that_was_dialled_is_judged(hostile: Callable[[Deed], str]) -> None:
    # A name whose address nobody could judge before.
    url = hostile(once(START + b"{}")).replace("127.0.0.1", "localhost")
    with pytest.raises(requests.ConnectionError, match="no provider may be at"):
        asked(url, {}, {}, ProviderPlaces(allow_private=False), {})
    assert asked(url, {}, {}, ANYWHERE, {}) == b"{}"
