"""Hostile receivers beside one that means well: one worker posts to them all."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.acceptance.hostile.beside import MOST, compare
from tests.acceptance.hostile.ground import Ground
from tests.acceptance.hostile.innocents import Innocent
from tests.acceptance.hostile.peers import askers, key_holders
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.support.rude_receivers import RudeReceiver

#: Paths of each sort; what one host may be asked at once.
PATHS = 40
CAP = 100
ROUNDS = 3


def test_callbacks_of_an_innocent_client_arrive_beside_receivers_that_never_end(
    ground: Ground, innocent: Innocent, receivers: int
) -> None:
    peer = key_holders.with_key(
        askers.name_hostile_receivers, count=2, receivers=receivers, pace_s=0.05
    )
    compare(innocent.told, lambda: peer(ground))


class World:
    """A host of many paths: those below /hang never answer, the others do at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked: list[str] = []
        self.now = self.most = 0
        self._server = RudeReceiver(self._answer)
        self.url = self._server.url.removesuffix("/cb")

    def stop(self) -> None:
        """Answer nobody any more."""
        self._server.stop()

    def count(self, prefix: str) -> int:
        """Return how many paths that begin so have been asked."""
        return len({path for path in list(self.asked) if path.startswith(prefix)})

    def _answer(self, sock: socket.socket) -> None:
        path = sock.recv(65536).split(b" ")[1].decode()
        with self._lock:
            self.asked.append(path)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if path.startswith("/hang"):
                while sock.recv(65536):
                    pass
            else:
                sock.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        finally:
            with self._lock:
                self.now -= 1


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.stop()


def queue_all(api: Api, world: World, prefix: str) -> None:
    for n in range(PATHS):
        api.queue(chat("demo-instant"), replyTo=f"{world.url}{prefix}/{n}")


def arrived_s(api: Api, world: World) -> float:
    """Return how long it took until each of so many healthy paths had its callback."""
    prefix, began = f"/ok/{uuid.uuid4().hex}", time.monotonic()
    queue_all(api, world, prefix)
    until(lambda: world.count(prefix) == PATHS, "all healthy paths are asked")
    return time.monotonic() - began


@pytest.mark.parametrize("keys", [1, 2])
def test_healthy_paths_are_asked_beside_as_many_that_hang_at_one_host(
    ground: Ground, world: World, keys: int
) -> None:
    with ground.api() as api:
        other = api
        if keys == 2:
            other = ground.stack.api(ground.new_key())
        alone_s, beside_s = [], []
        for n in range(ROUNDS):
            alone_s.append(arrived_s(api, world))
            queue_all(other, world, f"/hang/{n}")
            until(lambda n=n: world.count(f"/hang/{n}/") > PATHS // 4, "paths hang")
            beside_s.append(arrived_s(api, world))
            if min(beside_s) <= MOST * max(alone_s):
                break
        assert min(beside_s) <= MOST * max(alone_s), (alone_s, beside_s)
    assert world.most <= CAP
