"""One step for many callers: who asks while steps are under way goes with the next one.

Databases call it group commit. Who is alone waits for nobody; the more come at once, the more go
together, and the less each costs. See docs/adr/0074-accepted-together.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import redis

T = TypeVar("T")
R = TypeVar("R")

#: Most that go together.
MOST: Final = 100
#: Steps at a time: the next one is on its way when the answer to the last one comes.
_STEPS: Final = 2
#: Nobody waits longer for a place in a step: who comes after that begins one more, and takes along
#: who waits (seconds). So a connection that leads nowhere does not hold up everybody.
_LONG_S: Final = 0.05

#: What others are told whose step was ended from outside.
_NOBODY_KNOWS: Final = redis.ConnectionError("The step was broken off before its end.")


class _Asking(Generic[T, R]):
    """Who waits for a step of others: for what became of the item, or for its own turn."""

    __slots__ = ("_told", "became", "item", "step")

    def __init__(self, item: T) -> None:
        self.item = item
        self.became: R | BaseException = _NOBODY_KNOWS
        #: Those it is to take along; empty while others do it.
        self.step: list[_Asking[T, R]] = []
        self._told = threading.Lock()
        self._told.acquire()

    def wait(self) -> None:
        self._told.acquire()

    def tell(self) -> None:
        self._told.release()


class GroupCommit(Generic[T, R]):
    """Does one thing for many callers, of this process's threads or greenlets."""

    def __init__(self, commit: Callable[[Sequence[T]], Sequence[R | Exception]]) -> None:
        """`commit` returns, or raises for all, what became of each item, in their order."""
        self._commit = commit
        self._lock = threading.Lock()
        self._waiting: list[_Asking[T, R]] = []
        self._under_way = 0
        self._begun_s = 0.0

    def do(self, item: T) -> R:
        """Have the item done; return what became of it. Raises what `commit` says or raises."""
        with self._lock:
            others = self._begin() if self._may_begin() else None
            if others is None:
                asking: _Asking[T, R] = _Asking(item)
                self._waiting.append(asking)
        return self._wait(asking) if others is None else self._do_with(item, others)

    def _wait(self, asking: _Asking[T, R]) -> R:
        try:
            asking.wait()
        except BaseException:
            self._leave(asking)
            raise
        if asking.step:
            return self._do_with(asking.item, asking.step[1:])
        return _result(asking.became)

    def _may_begin(self) -> bool:
        return self._under_way < _STEPS or time.monotonic() - self._begun_s > _LONG_S

    def _begin(self) -> list[_Asking[T, R]]:
        """Begin a step; return who goes along."""
        self._under_way += 1
        self._begun_s = time.monotonic()
        with_it, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        return with_it

    def _do_with(self, item: T, others: Sequence[_Asking[T, R]]) -> R:
        became: Sequence[R | BaseException]
        try:
            became = self._commit([item, *(other.item for other in others)])
        except Exception as exc:
            became = [exc] * (1 + len(others))
        except BaseException:
            # Whoever took the others along was ended.
            became = [_NOBODY_KNOWS] * (1 + len(others))
            raise
        finally:
            self._end()
            for other, own in zip(others, became[1:], strict=True):
                other.became = own
                other.tell()
        return _result(became[0])

    def _end(self) -> None:
        """End a step; let the first of those who wait begin the next."""
        with self._lock:
            self._under_way -= 1
            if not self._waiting or not self._may_begin():
                return
            step = self._begin()
            # Before anybody looks again: who leaves must find that its turn has come.
            step[0].step = step
        step[0].tell()

    def _leave(self, asking: _Asking[T, R]) -> None:
        """Go away before it is done; who was to be taken along stands in line again."""
        with self._lock:
            if asking in self._waiting:
                self._waiting.remove(asking)
            self._waiting[:0] = asking.step[1:]
        if asking.step:
            self._end()


def _result(became: R | BaseException) -> R:
    if isinstance(became, BaseException):
        raise became
    return became
