"""Whoever has worked little goes first, and nobody is left standing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any

import gevent
import pytest

from shared.turns import SHARE_S, Share, Turns, begin_share, share

WORK_S = SHARE_S * 1.5


def work() -> None:
    until = thread_time() + WORK_S
    while thread_time() < until:
        pass


@contextmanager
def running(*deeds: Callable[[], None]) -> Iterator[None]:
    greenlets = [gevent.spawn(deed) for deed in deeds]
    try:
        yield
    finally:
        gevent.killall(greenlets)


class Endless:
    """Readers that always have something to do."""

    def __init__(self, providers: list[str]) -> None:
        self.turns = 0
        self.deeds = [self._of(who) for who in providers]

    def _of(self, who: str) -> Callable[[], None]:
        def read() -> None:
            mine = Share(who)
            while True:
                work()
                self.turns += 1
                mine.give_way()

        return read


@pytest.mark.parametrize("who", ["theirs", "own"])
def test_late_comer_does_not_stand_behind_those_who_have_worked_much(who: str) -> None:
    others = Endless(["theirs"] * 30)
    with running(*others.deeds):
        while others.turns < 30 * 10:
            gevent.sleep(0.01)
        before, mine = others.turns, Share(who)
        for _ in range(5):
            work()
            mine.give_way()
        # In one line each step would be thirty of theirs.
        assert others.turns - before <= 5 * 4


def test_of_two_that_have_worked_little_that_of_the_idle_provider_goes_first() -> None:
    turns, order = Turns(), list[str]()

    def wait(who: str, worked_s: float) -> None:
        turns.wait(who, worked_s=worked_s)
        order.append(who)

    gevent.joinall([gevent.spawn(wait, who, s) for who, s in (("busy", 0.5), ("idle", 0.001))])
    turns.close()
    assert order == ["idle", "busy"]


def test_those_who_have_worked_much_go_on_beside_many_who_have_not() -> None:
    turns, order = Turns(), list[int]()

    def wait(level: int) -> None:
        turns.wait("p", level)
        order.append(level)

    gevent.joinall([gevent.spawn(wait, level) for level in [0] * 8 + [3] * 2])
    turns.close()
    assert order.index(3) <= 8
    assert sorted(order) == [0] * 8 + [3] * 2


def test_whoever_is_gone_takes_no_turn() -> None:
    turns, order = Turns(), list[str]()

    def wait(name: str) -> None:
        turns.wait("p")
        order.append(name)

    gone = [gevent.spawn(wait, "gone") for _ in range(3)]
    stays = gevent.spawn(wait, "stays")
    gevent.sleep(0)
    gevent.killall(gone)
    stays.join(timeout=5)
    turns.close()
    assert order == ["stays"]


@pytest.fixture
def beside() -> Iterator[Beside]:
    one = Beside()
    with running(one.run):
        gevent.sleep(0.02)
        yield one


class Beside:
    """Somebody else, who runs whenever the loop has time; how often that was."""

    ran = 0

    def run(self) -> None:
        while True:
            self.ran += 1
            gevent.sleep(0)


def waits(count: int) -> Callable[[Any], int]:
    def readinto(buffer: Any) -> int:
        del buffer
        gevent.sleep(0.02)
        return count

    return readinto


def test_what_was_waited_for_is_no_work(beside: Beside) -> None:
    mine = Share("p")
    mine.read(waits(100_000), b"")
    before = beside.ran
    mine.give_way()
    assert beside.ran == before


def test_work_on_the_little_that_was_waited_for_is_not_counted(beside: Beside) -> None:
    mine = Share("p")
    for _ in range(10):
        mine.read(waits(100), b"")
        before = beside.ran
        work()
        mine.give_way()
        assert beside.ran == before


@pytest.mark.parametrize(
    ("readinto", "reads"),
    [(waits(100_000), 10), (lambda buffer: 100, 10), (waits(100), 1)],
    ids=["much at once", "it was there already", "much in little"],
)
def test_work_is_counted_if(readinto: Callable[[Any], int], reads: int, beside: Beside) -> None:
    mine, gave_way = Share("p"), 0
    for _ in range(reads):
        mine.read(readinto, b"")
        for _ in range(20 // reads):
            before = beside.ran
            work()
            mine.give_way()
            gave_way += beside.ran > before
    assert gave_way >= 5


def test_a_greenlet_has_one_share() -> None:
    begin_share("p")
    assert share() is share()
    assert gevent.spawn(share).get() is not share()
