"""Looks names up in threads, so that names whose servers do not answer hold up nobody else's.

A look-up cannot be broken off: its thread is held for as long as the system's resolver tries, which
is much longer than an attempt waits. So names that lately had an address have threads of their own,
a name is looked up once at a time, however many wait for it, and owners share the threads: one
with a thousand names whose servers hang waits for its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

import gevent
from gevent import monkey, socket
from gevent.event import AsyncResult

from workers.callbacks.shares import SharedThreads

#: Look-ups at once, of names that lately had an address, and of others.
_KNOWN_THREADS: Final = 30
_OTHER_THREADS: Final = 70
#: Most names that are remembered to have had an address.
_MOST_KNOWN: Final = 5_000

#: Host and port → what `getaddrinfo` answers. Runs in a thread of its own.
Lookup = Callable[[str, int], Sequence[Any]]


def system_lookup(host: str, port: int) -> Sequence[Any]:
    """Ask the system's resolver, blocking. Raises OSError, or UnicodeError for an odd name."""
    getaddrinfo: Any = monkey.get_original("socket", "getaddrinfo")
    found: Sequence[Any] = getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return found


class NameNotResolved(Exception):
    """The host's name has no address, or nobody said so in time."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class Resolver:
    """Looks names up. `within_s`: how long anybody waits for it."""

    def __init__(self, lookup: Lookup, within_s: float) -> None:
        self._lookup = lookup
        self._within_s = within_s
        self._known_threads = SharedThreads(_KNOWN_THREADS)
        self._other_threads = SharedThreads(_OTHER_THREADS)
        #: Names that had an address, the longest unused first.
        self._known: OrderedDict[str, None] = OrderedDict()
        self._running: dict[tuple[str, int], AsyncResult] = {}

    def look_up(self, host: str, port: int, owner: str = "") -> Sequence[Any]:
        """Return what `getaddrinfo` does. `owner`: who wants to know. Raises NameNotResolved."""
        too_late = gevent.Timeout(self._within_s)
        try:
            with too_late:
                found: Sequence[Any] = self._result(host, port, owner).get()
        except gevent.Timeout as expired:
            if expired is not too_late:
                raise
            self._known.pop(host, None)
            message = f"{host} was not resolved within {self._within_s:g} s"
            raise NameNotResolved(message, timed_out=True) from None
        except (OSError, UnicodeError) as exc:
            raise NameNotResolved(f"{host}: {exc}") from exc
        self._remember(host)
        return found

    def _result(self, host: str, port: int, owner: str) -> AsyncResult:
        """Return the look-up that runs for this name, or begin one; waits for a free thread."""
        running = self._running.get((host, port))
        if running is not None:
            return running
        threads = self._known_threads if host in self._known else self._other_threads
        begun = threads.spawn(owner, self._lookup, host, port)
        # Waiting for a thread, somebody else may have begun it too: then both run.
        self._running[host, port] = begun
        begun.rawlink(lambda _: self._ended(host, port, begun))
        return begun

    def _ended(self, host: str, port: int, result: AsyncResult) -> None:
        if self._running.get((host, port)) is result:
            del self._running[host, port]

    def _remember(self, host: str) -> None:
        self._known[host] = None
        self._known.move_to_end(host)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
