"""Connections to proxies: where they may lead, whatever the name of a proxy says."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from shared.security import provider_places
from shared.security.provider_places import ProviderPlaces
from tests.support.rude_receivers import RudeReceiver
from workers.deps import llm_session


class Proxy:
    """A proxy on this machine, by a name; notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.server = RudeReceiver(self._answer)
        port = self.server.url.rpartition(":")[2].split("/")[0]
        self.options = {"proxies": {"http": f"http://localhost:{port}"}, "timeout": 60}

    def _answer(self, sock: socket.socket) -> None:
        if asked := sock.recv(65536):
            self.asked.append(asked)
            sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.server.stop()


def ask(proxy: Proxy, places: ProviderPlaces) -> bytes:
    request = requests.Request("POST", "http://llm.example.com/v1/x", data=b"{}").prepare()
    adapter = llm_session(1, places).get_adapter("http://")
    return bytes(adapter.send(request, **proxy.options).content)


def test_proxy_may_be_private_where_providers_may_not(proxy: Proxy) -> None:
    assert ask(proxy, ProviderPlaces(allow_private=False)) == b"{}"


def test_proxy_is_not_where_clouds_tell_their_secrets(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_places, "_problem", lambda *_: "127.0.0.1 (cloud metadata)")
    with pytest.raises(requests.ConnectionError, match=r"may be at .* \(cloud metadata\)"):
        ask(proxy, ProviderPlaces())
    assert proxy.asked == []
