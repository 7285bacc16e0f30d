"""Turns of the event loop for those who could take more than their share.

A connection whose bytes are always there already never waits, and gevent switches only when
somebody waits. So it takes a turn now and then: of all that stand in line, one goes on in each
round of the loop, between which everybody else is served. Those who stand in line take turns by who
they are, too: an address, a provider.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from typing import Any, Final

from gevent import get_hub
from gevent.hub import Waiter


class Turns:
    """The line of one process's event loop."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Any]] = OrderedDict()
        # It fires in the next round of the loop, after sockets were looked at. A callback or
        # `sleep(0)` would not do: thousands of them run before that.
        self._timer = get_hub().loop.timer(0)

    def wait(self, who: str) -> None:
        """Return when it is this greenlet's turn."""
        waiter = Waiter()
        self._lines.setdefault(who, deque()).append(waiter)
        if not self._timer.active:
            self._timer.start(self._next)
        waiter.get()

    def close(self) -> None:
        """Let the loop go."""
        self._timer.close()

    def _next(self) -> None:
        """Let the first of whoever is next go on; called by the loop."""
        self._timer.stop()
        who, line = self._lines.popitem(last=False)
        waiter = line.popleft()
        if line:
            self._lines[who] = line
        if self._lines:
            self._timer.start(self._next)
        waiter.switch(None)


#: Those of each event loop that has any.
_turns: Final[weakref.WeakKeyDictionary[Any, Turns]] = weakref.WeakKeyDictionary()


def take_turn(who: str = "") -> None:
    """Return when it is this greenlet's turn at its own event loop."""
    hub = get_hub()
    turns = _turns.get(hub)
    if turns is None:
        turns = _turns[hub] = Turns()
    turns.wait(who)
