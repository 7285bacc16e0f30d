"""Places that owners share: whoever comes finds one free, however many another one has taken.

The rule is that of the places of a host: an owner gets one more while it has less than three times
what is free (a dynamic threshold, as switches share their buffers). See ADR 35.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from gevent.event import Event
from gevent.threadpool import ThreadPool

#: How many times what is free an owner may have.
_TIMES_FREE: Final = 3


class Shares:
    """So many places, and who has how many of them."""

    def __init__(self, places: int) -> None:
        self.free = places
        self._taken: Counter[str] = Counter()

    def may_take(self, owner: str) -> bool:
        """Whether there is one more for this owner."""
        return self._taken[owner] < _TIMES_FREE * self.free

    def full(self) -> tuple[str, ...]:
        """Return the owners that have all they may have."""
        return tuple(owner for owner in self._taken if not self.may_take(owner))

    def take(self, owner: str) -> None:
        """Count one more."""
        self.free -= 1
        self._taken[owner] += 1

    def give_back(self, owner: str) -> None:
        """Count one less."""
        self.free += 1
        self._taken[owner] -= 1
        if not self._taken[owner]:
            del self._taken[owner]


class SharedThreads:
    """Threads for work that cannot be broken off: whoever gave it up, its thread is still held."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPool(threads)
        self._shares = Shares(threads)
        self._ended = Event()

    def spawn(self, owner: str, work: Callable[..., Any], *args: Any) -> Any:
        """Begin the work once there is a thread for its owner; return gevent's AsyncResult."""
        while not self._shares.may_take(owner):
            self._ended.clear()
            self._ended.wait()
        self._shares.take(owner)
        try:
            begun = self._pool.spawn(work, *args)
        except BaseException:
            # Given up while it waited for a thread.
            self._end(owner)
            raise
        begun.rawlink(lambda _: self._end(owner))
        return begun

    def _end(self, owner: str) -> None:
        self._shares.give_back(owner)
        self._ended.set()
