"""Turns of the event loop for those who could take more than their share.

A connection whose bytes are always there already never waits, and gevent switches only when
somebody waits. So it takes a turn now and then: of all that stand in line, one goes on in each
round of the loop, between which everybody else is served. Readers that have worked little of late
go before those that have worked much; among them that of whoever has: an address, a provider. See
docs/adr/0051-little-work-first.md.
"""

from __future__ import annotations

import weakref
from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic, thread_time
from typing import Any, Final

from gevent import get_hub
from gevent.hub import Waiter

#: How long a reader works before it lets others run (seconds): what an innocent call may wait for
#: at each of its steps, of which it has some ten.
SHARE_S: Final = 0.0005
#: What it may work before it waits for the first time (seconds): most answers are read by then, and
#: cost no round of the loop.
_FREE_S: Final = 0.002
#: Up to so much work of late (seconds) a reader is of this level; beyond the last: of the next one.
#: An ordinary answer takes one to three milliseconds.
_LEVELS_S: Final = tuple(0.001 * 2**level for level in range(10))
#: In which time work counts half.
_HALF_LIFE_S: Final = 10.0
#: What somebody has worked is forgotten when it comes to less (seconds).
_LITTLE_S: Final = 0.0001
#: What a read counts at least (seconds).
_READ_S: Final = 0.00005
#: From so many bytes of one read on what is done with them is counted, though they were waited for.
_MUCH_BYTES: Final = 4096
#: Steps after such a read that are not counted.
_FEW_STEPS: Final = 4
#: Each so manieth round is not for those who have worked least: all levels go on, if slowly.
_OTHERS_ROUND: Final = 4

#: Of one level: the waiting of each who, and whose turn it is next.
_Lines = OrderedDict[str, deque[Any]]


class Turns:
    """The lines of one process's event loop."""

    def __init__(self) -> None:
        self._levels: tuple[_Lines, ...] = tuple(OrderedDict() for _ in range(len(_LEVELS_S) + 1))
        self._rounds = 0
        #: What each who has worked of late (seconds), and when that was last halved.
        self._worked_s: dict[str, float] = {}
        self._halved_at_s = monotonic()
        # It fires in the next round of the loop, after sockets were looked at. A callback or
        # `sleep(0)` would not do: thousands of them run before that.
        self._timer = get_hub().loop.timer(0)

    def wait(self, who: str, level: int = 0, worked_s: float = 0.0) -> None:
        """Return when it is this greenlet's turn, after it has worked so long; low levels first."""
        if worked_s:
            self._forget()
            self._worked_s[who] = self._worked_s.get(who, 0.0) + worked_s
        waiter = Waiter()
        self._levels[level].setdefault(who, deque()).append(waiter)
        if not self._timer.active:
            self._timer.start(self._next)
        waiter.get()

    def close(self) -> None:
        """Let the loop go."""
        self._timer.close()

    def _next(self) -> None:
        """Let the first of whoever is next go on; called by the loop."""
        self._timer.stop()
        waiter = self._taken()
        if any(self._levels):
            self._timer.start(self._next)
        waiter.switch(None)

    def _taken(self) -> Any:
        """Take the next one out of its line; those who have gone meanwhile take no round."""
        lines = self._lines()
        while True:
            # The first of those who have worked least.
            who = min(lines, key=lambda who: self._worked_s.get(who, 0.0))
            line = lines.pop(who)
            waiter = line.popleft()
            if line:
                lines[who] = line
            if waiter.greenlet is not None or not lines:
                return waiter

    def _forget(self) -> None:
        now = monotonic()
        if now - self._halved_at_s >= _HALF_LIFE_S:
            share = 0.5 ** ((now - self._halved_at_s) / _HALF_LIFE_S)
            self._halved_at_s = now
            halved = ((who, worked_s * share) for who, worked_s in self._worked_s.items())
            self._worked_s = {who: worked_s for who, worked_s in halved if worked_s > _LITTLE_S}

    def _lines(self) -> _Lines:
        """Return those of the level whose round it is; somebody is there."""
        self._rounds += 1
        waiting = [lines for lines in self._levels if lines]
        others, is_first = divmod(self._rounds, _OTHERS_ROUND)
        return waiting[0] if is_first else waiting[others % len(waiting)]


class Share:
    """What one reader works: of late, and since it last let others run. `who`: its provider.

    Nothing is counted while it waits for each read, gets little, and has soon done with it: so most
    streams are, of which there are hundreds, and they let others run all the time.
    """

    __slots__ = (
        "_at_s",
        "_counted_at_s",
        "_cpu_s",
        "_is_counting",
        "_loop",
        "_of_late_s",
        "_round",
        "_since_s",
        "_uncounted",
        "_who",
    )

    def __init__(self, who: str = "") -> None:
        self._who = who
        self._loop = get_hub().loop
        self._of_late_s = self._since_s = 0.0
        self._counted_at_s, self._cpu_s = monotonic(), thread_time()
        self._is_counting, self._uncounted = True, 0
        self._begin()

    def read(self, readinto: Callable[[Any], int | None], buffer: Any) -> int | None:
        """Read into the buffer; what was waited for until then is no work. Raises as `readinto`."""
        if self._is_counting:
            self._give_way(_READ_S)
        asked_in = self._loop.iteration
        taken = readinto(buffer)
        self._round = self._loop.iteration
        # Of bytes that are there already gevent waits for nothing.
        self._is_counting = self._round == asked_in or (taken or 0) >= _MUCH_BYTES
        self._uncounted = 0
        if self._is_counting:
            self._at_s = monotonic()
        return taken

    def give_way(self) -> None:
        """Count what was worked since; let others run if it is long."""
        if self._is_counting:
            self._give_way()
        elif self._uncounted < _FEW_STEPS:
            self._uncounted += 1
        else:
            # Little was read, yet there is much in it: it was compressed, or is of tiny events.
            self._is_counting = True
            self._begin()

    def _give_way(self, least_s: float = 0.0) -> None:
        worked_s = max(monotonic() - self._at_s, least_s)
        if worked_s > SHARE_S and self._loop.iteration != self._round:
            # It has waited for something else: the ledger, a thread.
            worked_s = SHARE_S
        self._since_s += worked_s
        if self._since_s > (SHARE_S if self._of_late_s else _FREE_S):
            self._wait()
        self._begin()

    def _begin(self) -> None:
        self._at_s = monotonic()
        self._round = self._loop.iteration

    def _wait(self) -> None:
        now = monotonic()
        # On a busy machine the process waits for a core, too: that is no work.
        worked_s = min(self._since_s, thread_time() - self._cpu_s)
        self._of_late_s *= 0.5 ** ((now - self._counted_at_s) / _HALF_LIFE_S)
        self._of_late_s += worked_s
        self._counted_at_s, self._since_s = now, 0.0
        take_turn(self._who, bisect_left(_LEVELS_S, self._of_late_s), worked_s)
        self._cpu_s = thread_time()


#: Those of each event loop that has any.
_turns: Final[weakref.WeakKeyDictionary[Any, Turns]] = weakref.WeakKeyDictionary()
#: That of this greenlet.
_share: Final[ContextVar[Share | None]] = ContextVar("share", default=None)


def take_turn(who: str = "", level: int = 0, worked_s: float = 0.0) -> None:
    """Return when it is this greenlet's turn at its own event loop."""
    hub = get_hub()
    turns = _turns.get(hub)
    if turns is None:
        turns = _turns[hub] = Turns()
    turns.wait(who, level, worked_s)


def begin_share(who: str) -> None:
    """Give this greenlet a share for what it is about to read."""
    _share.set(Share(who))


def share() -> Share:
    """Return this greenlet's share."""
    known = _share.get()
    if known is None:
        known = Share()
        _share.set(known)
    return known
