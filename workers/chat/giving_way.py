"""Lets other jobs of a worker wait for a moment while somebody waits for a call that it has.

Jobs whose LLM answers at once are all ready to go on at any time, and each step of an interactive
call would stand behind one of each of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gevent.event import Event

#: How long others wait for a call at most (seconds). One whose LLM answers at once is over by then,
#: another one waits for its LLM, and needs nobody's place meanwhile.
MOST_S: Final = 0.01


class GivingWay:
    """They wait for half of the time at most: for as long as they have waited they do not again."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, most_s: float = MOST_S
    ) -> None:
        """`monotonic` gives seconds; so long others wait at most (seconds)."""
        self._monotonic = monotonic
        self._most_s = most_s
        self._calls = 0
        #: Since when and until when they wait; from when on they may have to again.
        self._since_s = 0.0
        self._until_s = 0.0
        self._again_s = 0.0
        self._open = Event()
        self._open.set()

    def begin(self) -> None:
        """Note that somebody's call begins."""
        self._calls += 1
        now_s = self._monotonic()
        if now_s >= self._again_s:
            self._since_s, self._until_s = now_s, now_s + self._most_s
            self._again_s = self._until_s + self._most_s
            self._open.clear()

    def end(self) -> None:
        """Note that it is over."""
        self._calls -= 1
        if not self._calls and not self._open.is_set():
            now_s = min(self._monotonic(), self._until_s)
            self._again_s = 2 * now_s - self._since_s
            self._open.set()

    def give_way(self) -> None:
        """Wait, as long as it is somebody's turn."""
        if self._open.is_set():
            return
        left_s = self._until_s - self._monotonic()
        if left_s <= 0 or not self._open.wait(left_s):
            self._open.set()
