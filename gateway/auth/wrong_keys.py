"""Slows down who sends wrong keys again and again.

Only wrong keys wait: behind a proxy all clients have one address, and the others among them must
not be locked out. A key has 256 random bits, so this is no protection against guessing; it is
there to make a client that goes on with a revoked key cheap.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

#: Wrong keys that an address may send before it waits.
_FREE: Final = 10
#: How long an answer waits at most, and how much longer with each wrong key (seconds).
_WAIT_MOST_S: Final = 1.0
_WAIT_STEP_S: Final = 0.1
#: After how long without a wrong key an address starts anew (seconds).
_FORGET_S: Final = 60.0
#: Most addresses remembered, and most answers that wait at once.
_ADDRESSES: Final = 1_000
_WAITING: Final = 100


class WrongKeys:
    """Counts the wrong keys of each address, in this process."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._waiting = 0

    def came_from(self, address: str) -> None:
        """Count a wrong key; return when its answer may be given."""
        wait_s = min(_WAIT_MOST_S, (self._count(address) - _FREE) * _WAIT_STEP_S)
        if wait_s <= 0 or self._waiting >= _WAITING:
            return
        self._waiting += 1
        try:
            self._sleep(wait_s)
        finally:
            self._waiting -= 1

    def _count(self, address: str) -> int:
        now = self._monotonic()
        count, last_s = self._counts.pop(address, (0, now))
        count = count + 1 if now - last_s < _FORGET_S else 1
        self._counts[address] = (count, now)
        while len(self._counts) > _ADDRESSES:
            self._counts.popitem(last=False)
        return count
