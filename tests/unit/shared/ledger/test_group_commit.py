"""Who asks while others are served goes with the next step, and gets what is its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import gevent
import pytest
import redis
from gevent.event import Event
from gevent.lock import BoundedSemaphore

from shared.ledger import group_commit
from shared.ledger.group_commit import MOST, GroupCommit
from tests.acceptance.system.polling import until


class Steps:
    """Steps that last until they are let go; of each item becomes its text."""

    def __init__(self) -> None:
        self.begun: list[list[int]] = []
        self.may_end = threading.Event()
        self.raises: Exception | None = None
        self.wrong: dict[int, Exception] = {}

    def commit(self, items: Sequence[int]) -> Sequence[str | Exception]:
        self.begun.append(list(items))
        assert self.may_end.wait(20)
        if self.raises:
            raise self.raises
        return [self.wrong.get(item) or str(item) for item in items]


@pytest.fixture
def steps() -> Iterator[Steps]:
    steps = Steps()
    yield steps
    steps.may_end.set()


@pytest.fixture
def group(steps: Steps) -> GroupCommit[int, str]:
    return GroupCommit(steps.commit)


@pytest.fixture
def ask(steps: Steps, group: GroupCommit[int, str]) -> Iterator[Callable[[int], Future[str]]]:
    """Ask from a thread of its own; the next one asks when this one waits or has begun."""
    with ThreadPoolExecutor(300) as threads:

        def ask(item: int) -> Future[str]:
            def state() -> tuple[int, int]:
                return len(steps.begun), len(group._waiting)

            before = state()
            answer = threads.submit(group.do, item)
            until(lambda: state() != before, "it is in a step, or in line")
            return answer

        yield ask


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_LONG_S", 1000.0)


def test_who_is_alone_goes_at_once(steps: Steps, group: GroupCommit[int, str]) -> None:
    steps.may_end.set()
    assert [group.do(item) for item in (1, 2, 3)] == ["1", "2", "3"]
    assert steps.begun == [[1], [2], [3]]


@pytest.mark.usefixtures("patient")
def test_who_comes_meanwhile_goes_with_the_next(
    steps: Steps, ask: Callable[[int], Future[str]]
) -> None:
    asked = [ask(item) for item in range(7)]
    assert steps.begun == [[0], [1]]
    steps.may_end.set()
    assert [answer.result(20) for answer in asked] == [str(item) for item in range(7)]
    assert steps.begun == [[0], [1], [2, 3, 4, 5, 6]]


@pytest.mark.usefixtures("patient")
def test_more_than_go_together_go_in_several(
    steps: Steps, ask: Callable[[int], Future[str]]
) -> None:
    asked = [ask(item) for item in range(2 + MOST + 5)]
    steps.may_end.set()
    assert [answer.result(20) for answer in asked] == [str(item) for item in range(len(asked))]
    assert sorted(len(step) for step in steps.begun) == [1, 1, 5, MOST]


def test_nobody_waits_for_a_step_that_takes_long(
    steps: Steps, ask: Callable[[int], Future[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "_LONG_S", 1000.0)
    asked = [ask(item) for item in range(4)]
    monkeypatch.setattr(group_commit, "_LONG_S", -1.0)
    asked.append(ask(4))
    until(lambda: len(steps.begun) == 3, "one more step")
    assert steps.begun[2] == [4, 2, 3]
    steps.may_end.set()
    assert [answer.result(20) for answer in asked] == [str(item) for item in range(5)]


@pytest.mark.usefixtures("patient")
def test_what_is_wrong_with_one_is_told_to_that_one(
    steps: Steps, ask: Callable[[int], Future[str]]
) -> None:
    steps.wrong[3] = redis.ResponseError("wrong")
    asked = [ask(item) for item in range(5)]
    steps.may_end.set()
    assert [asked[item].result(20) for item in (0, 1, 2, 4)] == ["0", "1", "2", "4"]
    with pytest.raises(redis.ResponseError, match="wrong"):
        asked[3].result(20)


@pytest.mark.usefixtures("patient")
def test_step_that_fails_fails_all_of_it_and_the_next_goes_on(
    steps: Steps, ask: Callable[[int], Future[str]]
) -> None:
    steps.raises = redis.TimeoutError("frozen")
    asked = [ask(item) for item in range(5)]
    steps.may_end.set()
    for answer in asked:
        with pytest.raises(redis.TimeoutError, match="frozen"):
            answer.result(20)
    steps.raises = None
    assert ask(9).result(20) == "9"


def test_all_of_many_get_their_own_and_each_is_done_once() -> None:
    done: list[int] = []

    def commit(items: Sequence[int]) -> Sequence[str]:
        done.extend(items)
        return [str(item) for item in items]

    group = GroupCommit(commit)
    with ThreadPoolExecutor(24) as threads:
        assert list(threads.map(group.do, range(5000))) == [str(item) for item in range(5000)]
    assert sorted(done) == list(range(5000))


class InGreenlets:
    """Steps and callers that are greenlets, of which some are ended from outside."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(group_commit, "_LONG_S", 1000.0)
        monkeypatch.setattr(group_commit.threading, "Lock", lambda: BoundedSemaphore(1))
        self.begun: list[list[int]] = []
        self._may_end: list[Event] = []
        self.group = GroupCommit(self._commit)

    def _commit(self, items: Sequence[int]) -> Sequence[str]:
        self.begun.append(list(items))
        self._may_end.append(Event())
        assert self._may_end[-1].wait(20)
        return [str(item) for item in items]

    def ask(self, *items: int) -> list[gevent.Greenlet[..., str]]:
        asking = [gevent.spawn(self.group.do, item) for item in items]
        gevent.idle()
        return asking

    def end(self, step: int) -> None:
        self._may_end[step].set()
        gevent.idle()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> InGreenlets:
    return InGreenlets(monkeypatch)


def test_who_is_ended_while_it_waits_leaves_the_line(scene: InGreenlets) -> None:
    asked = scene.ask(0, 1, 2, 3, 4)
    asked[3].kill()
    for step in range(3):
        scene.end(step)
    assert [asked[item].get(timeout=20) for item in (0, 1, 2, 4)] == ["0", "1", "2", "4"]
    assert scene.begun == [[0], [1], [2, 4]]


def test_who_is_ended_in_its_step_tells_those_it_took_along(scene: InGreenlets) -> None:
    asked = scene.ask(0, 1, 2, 3)
    scene.end(0)
    assert scene.begun == [[0], [1], [2, 3]]
    asked[2].kill()
    with pytest.raises(redis.ConnectionError, match="broken off"):
        asked[3].get(timeout=20)
    assert scene.group._under_way == 1


def test_who_is_ended_as_its_turn_comes_leaves_it_to_the_others(
    scene: InGreenlets, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = scene.ask(0, 1, 2, 3, 4)
    first = scene.group._waiting[0]
    tell = type(first).tell

    def end_the_first(asking: Any) -> None:
        if asking is first:
            asked[2].kill(block=False)
        tell(asking)

    monkeypatch.setattr(type(first), "tell", end_the_first)
    for step in range(3):
        scene.end(step)
    assert [asked[item].get(timeout=20) for item in (0, 1, 3, 4)] == ["0", "1", "3", "4"]
    assert scene.begun == [[0], [1], [3, 4]]
