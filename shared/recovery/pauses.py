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
#: For so long somebody goes on where who began has died (milliseconds). Later on the sets are full
#: of pauses that began by the clock as it is now, and are right.
_KEPT_MS: Final = 300_000
#: Members that are looked at in one run of the script, which nothing else can run beside.
_AT_ONCE: Final = 2_000


class Pauses(Ledger):
    """Shortens them. Raises redis.RedisError."""

    def shorten(self, by_s: float = 0.0) -> int:
        """Let what waits be due by so much earlier (seconds); return how many do.

        First what others have begun is brought to its end; without a step that is all.
        """
        shortened = self._to_the_end(0)
        return shortened + self._to_the_end(milliseconds(by_s)) if by_s else shortened

    def _to_the_end(self, step_ms: int) -> int:
        shortened, has_more = self._run(step_ms)
        while has_more:
            count, has_more = self._run(0)
            shortened += count
        return shortened

    def _run(self, step_ms: int) -> tuple[int, bool]:
        call = Call(
            "shorten_pauses",
            [keys.CLOCK_SET_BACK, keys.CLOCK_SET_BACK_PLACE, keys.LATER, *_PAUSES],
            [
                *(self._clock(), step_ms, _NOTICED_MS, _KEPT_MS),
                *(_AT_ONCE, keys.JOB_PREFIX),
            ],
        )
        shortened, more = self._scripts.run(call)
        return int(shortened), bool(more)
