"""Pauses before another attempt, when Redis's clock is set back in the middle of them."""

from __future__ import annotations

from typing import Final

from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.scripts import Call

#: Sets whose members are due a while after something failed: not at a moment that somebody named.
_PAUSES: Final = (keys.DELAYED, keys.DELIVERIES_DELAYED, keys.ENDPOINTS_WAKES)
#: For so long other ticks may notice the same step (milliseconds).
_NOTICED_MS: Final = 10_000


class Pauses(Ledger):
    """Shortens them. Raises redis.RedisError."""

    def shorten(self, by_s: float) -> int:
        """Let what waits be due by so much earlier (seconds); return how many do."""
        args: list[str | int] = [self._clock(), milliseconds(by_s), _NOTICED_MS, keys.JOB_PREFIX]
        call = Call("shorten_pauses", [keys.CLOCK_SET_BACK, keys.LATER, *_PAUSES], args)
        return int(self._scripts.run(call))
