"""Many who look for the master at the same moment ask the Sentinels once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import redis

from shared.store.address import read_address
from shared.store.sentinels import Sentinels

_MANY = 20


class SlowSentinel:
    """Answers when it is let, with what it is given."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = threading.Event()
        self.answer: tuple[str, int] | Exception = ("10.0.0.1", 6379)

    def discover_master(self, _: str) -> tuple[str, int]:
        self.asked += 1
        assert self.may_answer.wait(20)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def slow() -> SlowSentinel:
    return SlowSentinel()


@pytest.fixture
def sentinels(slow: SlowSentinel) -> Sentinels:
    made = Sentinels(read_address("sentinel://localhost:1,localhost:2/0?master_name=m"))
    made._sentinel = cast("Any", slow)
    made._longest_s = 20
    return made


def all_at_once(sentinels: Sentinels, slow: SlowSentinel) -> list[object]:
    entered = threading.Barrier(_MANY + 1)

    def one(_: int) -> object:
        entered.wait(20)
        try:
            return sentinels.master()
        except redis.ConnectionError as exc:
            return str(exc)

    with ThreadPoolExecutor(_MANY) as threads:
        answers = threads.map(one, range(_MANY))
        entered.wait(20)
        threading.Timer(0.5, slow.may_answer.set).start()
        return list(answers)


def test_many_take_the_answer_of_one(sentinels: Sentinels, slow: SlowSentinel) -> None:
    assert all_at_once(sentinels, slow) == [("10.0.0.1", 6379)] * _MANY
    assert slow.asked == 1


def test_who_comes_later_asks_anew(sentinels: Sentinels, slow: SlowSentinel) -> None:
    slow.may_answer.set()
    assert sentinels.master() == ("10.0.0.1", 6379)
    slow.answer = ("10.0.0.2", 6379)
    assert sentinels.master() == ("10.0.0.2", 6379)


def test_all_hear_that_nobody_is_master(sentinels: Sentinels, slow: SlowSentinel) -> None:
    slow.answer = redis.sentinel.MasterNotFoundError("no master")
    assert all_at_once(sentinels, slow) == ["no master"] * _MANY
    assert slow.asked == 1
    slow.answer = ("10.0.0.2", 6379)
    assert sentinels.master() == ("10.0.0.2", 6379)


def test_nobody_waits_for_an_answer_for_ever(sentinels: Sentinels, slow: SlowSentinel) -> None:
    sentinels._longest_s = 0.1
    first = threading.Thread(target=sentinels.master)
    first.start()
    with pytest.raises(redis.ConnectionError, match="in time"):
        sentinels.master()
    slow.may_answer.set()
    first.join()
