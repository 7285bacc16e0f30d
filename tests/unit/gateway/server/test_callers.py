"""What clients are owed: answers that nobody reads take no more memory than they may."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import socket

from gateway.server.body import Body, BrokenBody, CrowdedOut
from gateway.server.callers import Callers
from gateway.server.connection import Connection
from gateway.server.limits import Limits
from shared.turns import Turns

LIMITS = Limits(owed_bytes=100)


class One:
    """A connection that is told to go, or not."""

    deadline = 0.0

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_told = False

    def hang_up(self, *, is_late: bool) -> None:
        assert not is_late
        self.is_told = True


def test_address_that_is_owed_most_loses_who_took_nothing_for_longest() -> None:
    callers = Callers(LIMITS, time.monotonic)
    innocent, first, second, third = One("a"), One("b"), One("b"), One("b")
    callers.owe(innocent, 40)
    callers.owe(first, 20)
    callers.owe(second, 20)
    # It has taken some since.
    callers.owe(first, 19)
    callers.owe(third, 30)
    assert [one.is_told for one in (innocent, first, second, third)] == [False, False, True, False]
    callers.owe(second, 0)
    callers.owe(third, 0)
    callers.owe(One("c"), 41)
    assert not first.is_told


def test_who_is_alone_may_be_owed_more() -> None:
    callers = Callers(LIMITS, time.monotonic)
    alone = One("a")
    callers.owe(alone, 1000)
    assert not alone.is_told
    callers.owe(One("b"), 1)
    assert alone.is_told


@pytest.fixture
def turns() -> Iterator[Turns]:
    turns = Turns()
    yield turns
    turns.close()


def test_connection_whose_client_does_not_read_makes_room(turns: Turns) -> None:
    limits = Limits(owed_bytes=6_000_000)
    callers = Callers(limits, time.monotonic)
    pairs = [socket.socketpair() for _ in range(2)]
    answer = bytes(5_000_000)

    def send(number: int) -> Any:
        link, peer = pairs[number][0], ("10.0.0.1", number)
        try:
            Connection(link, peer, limits, callers, turns).send(answer)
        except OSError as exc:
            return type(exc)
        return None

    first = gevent.spawn(send, 0)
    gevent.sleep(0.05)
    second = gevent.spawn(send, 1)
    assert first.get(timeout=30) is BrokenPipeError
    left = len(answer)
    while left:
        left -= len(pairs[1][1].recv(262_144))
    assert second.get(timeout=30) is None
    for pair in pairs:
        for one in pair:
            one.close()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_body_that_stands_still_makes_room(turns: Turns, *, is_chunked: bool) -> None:
    limits = Limits(owed_bytes=1_500_000)
    callers = Callers(limits, time.monotonic)
    pairs = [socket.socketpair() for _ in range(2)]
    part, whole = b"x" * 1_000_000, b"x" * 1_400_000
    framed = b"%x\r\n%s\r\n"

    def read(number: int) -> Any:
        connection = Connection(pairs[number][0], ("10.0.0.1", 1), limits, callers, turns)
        file, length = io.BufferedReader(connection), None if is_chunked else len(whole)
        body = Body(file, connection, length, is_chunked=is_chunked, awaits_go=False)
        try:
            return len(body.read(len(whole)))
        except BrokenBody as exc:
            return type(exc)

    first = gevent.spawn(read, 0)
    sent = gevent.spawn(pairs[0][1].sendall, framed % (len(part), part) if is_chunked else part)
    gevent.sleep(0.05)
    second = gevent.spawn(read, 1)
    pairs[1][1].sendall(framed % (len(whole), whole) if is_chunked else whole)
    assert (first.get(timeout=30), second.get(timeout=30)) == (CrowdedOut, len(whole))
    sent.get(timeout=30)
    assert callers._owed_bytes == 0
    for pair in pairs:
        for one in pair:
            one.close()
