"""Who is connected: how many from each address, who waits for its client, and who must go.

Nobody is locked out while others only hold places: a new connection takes the place of the one that
has waited longest for its client, of the address that holds most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

import gevent

from gateway.server.client_network import network_of
from gateway.server.limits import Limits

#: How often is looked who has waited too long (seconds).
_SWEEP_S: Final = 1.0


class Caller(Protocol):
    """A connection, as far as it can be told to go."""

    address: str
    #: When its wait is too long (monotonic seconds).
    deadline: float

    def hang_up(self, *, is_late: bool) -> None:
        """End its wait: for bytes from its client, or until that takes some."""


class Callers:
    """The connections of one process."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._held: Counter[str] = Counter()
        self._total = 0
        #: Those that wait for their client, by address, the longest first.
        self._waiting: dict[str, dict[Caller, None]] = {}
        #: Bytes that wait for clients: of answers until they take them, of bodies until they are
        #: whole. Who went on last is the last.
        self._owed: dict[Caller, int] = {}
        self._owed_bytes = 0

    def admit(self, caller: Caller) -> bool:
        """Count a new connection; False when there is no place, and none to be had."""
        own, limits = self._held[caller.address], self._limits
        if limits.per_address and own >= limits.per_address:
            if not self._let_go(caller.address):
                return False
        elif self._total >= limits.connections and not self._let_go(self._greediest()):
            return False
        self._held[caller.address] += 1
        self._total += 1
        return True

    def leave(self, caller: Caller) -> None:
        """Count one less."""
        self._total -= 1
        self._held[caller.address] -= 1
        if not self._held[caller.address]:
            del self._held[caller.address]

    def wait(self, caller: Caller) -> None:
        """Note that this one waits for its client."""
        self._waiting.setdefault(caller.address, {})[caller] = None

    def go_on(self, caller: Caller) -> None:
        """Note that it waits no more."""
        waiting = self._waiting.get(caller.address, {})
        waiting.pop(caller, None)
        if not waiting:
            self._waiting.pop(caller.address, None)

    def owe(self, caller: Caller, size_bytes: int) -> None:
        """Note how much of its answer this one's client has not taken, or of its body is here.

        0: nothing any more. Large answers that nobody reads, and bodies that nobody ends, would
        take all memory. When it is too much, the address with most of it loses the connection that
        stood still for longest.
        """
        self._owed_bytes += size_bytes - self._owed.pop(caller, 0)
        others = len(self._owed)
        if size_bytes:
            self._owed[caller] = size_bytes
        while self._owed_bytes > self._limits.owed_bytes and others:
            self._give_up(next(iter(self._most_owed(caller))))
            others -= 1

    def _most_owed(self, but: Caller) -> list[Caller]:
        """Return the connections of the address that is owed most, who took nothing longest first.

        All but this one, which is about to wait.
        """
        owed: Counter[str] = Counter()
        for caller, size_bytes in self._owed.items():
            owed[caller.address] += size_bytes
        others = [caller for caller in self._owed if caller is not but]
        greediest = max((caller.address for caller in others), key=owed.__getitem__)
        return [caller for caller in others if caller.address == greediest]

    def _give_up(self, caller: Caller) -> None:
        self._owed_bytes -= self._owed.pop(caller)
        self.go_on(caller)
        caller.hang_up(is_late=False)

    def all_waiting(self) -> list[Caller]:
        """Return those that wait."""
        return [caller for waiting in self._waiting.values() for caller in waiting]

    def sweep(self) -> None:
        """Tell those to go whose time is up."""
        now = self._clock()
        for caller in self.all_waiting():
            if caller.deadline <= now:
                caller.hang_up(is_late=True)

    def sweep_for_ever(self) -> None:
        """Do so every second."""
        while True:
            gevent.sleep(_SWEEP_S)
            self.sweep()

    def _greediest(self) -> str:
        return max(self._waiting, key=lambda address: len(self._waiting[address]), default="")

    def _let_go(self, address: str) -> bool:
        """Tell the one of this address that has waited longest to go."""
        for caller in self._waiting.get(address, ()):
            self.go_on(caller)
            caller.hang_up(is_late=False)
            return True
        return False


def address_of(peer: object) -> str:
    """Return what tells a client from others: its address, of IPv6 the network; else nothing."""
    return network_of(str(peer[0])) if isinstance(peer, tuple) else ""
