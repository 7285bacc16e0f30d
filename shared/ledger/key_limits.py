"""What a key's jobs take of its limits: where the scripts count it, and what a refusal says."""

from __future__ import annotations

import math
from typing import Final

from shared.api_keys.limits import Charge, month_of
from shared.errors import (
    InsufficientQuota,
    RateLimitExceeded,
    TokenRateExceeded,
    TooManyJobs,
    TooManyQueued,
)
from shared.jobs.job import Job
from shared.store import redis_keys as keys
from shared.store.clock import Clock, unix_ms
from shared.store.scripts import Argument

#: Limits that find no room at a foreseeable time: when to come again (seconds).
_RETRY_AFTER_END_S: Final = 5
#: When to come again to a full queue that has not moved yet (seconds).
_RETRY_AFTER_UNKNOWN_S: Final = 10
#: OpenAI's SDK stops retrying when it is told to wait longer than this (seconds).
LONGEST_RETRY_AFTER_S: Final = 120
_LIMITED: Final = {
    "requests": RateLimitExceeded,
    "tokens": TokenRateExceeded,
    "concurrent": TooManyJobs,
    "queued": TooManyQueued,
    "budget": InsufficientQuota,
}
#: How long a key's sums of a month live after the last job (ms): a quota page may still ask.
_MONTH_LIVES_MS: Final = 62 * 86_400_000


class KeyLimits:
    """Names the keys in which the scripts count what a key's jobs take."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def keys_of(self, key_id: str) -> list[str]:
        """Return KEYS of the moves that put a job of this key in line."""
        return [
            keys.requests_of(key_id),
            keys.tokens_of(key_id),
            keys.live(key_id),
            self._month_key(key_id),
        ]

    def charge_keys(self, job: Job) -> list[str]:
        """Return KEYS of the move that ends a job; none when its key has no limits."""
        if not job.key_id:
            return []
        return [keys.live(job.key_id), keys.tokens_of(job.key_id), self._month_key(job.key_id)]

    def _month_key(self, key_id: str) -> str:
        # A month may begin at one machine some milliseconds late: no round trip is worth that.
        return keys.month_of(key_id, month_of(self._clock() or unix_ms()))


def charge_args(charge: Charge) -> list[Argument]:
    """Return ARGV of the move that ends a job."""
    return [charge.tokens, charge.cost_nanos, _MONTH_LIVES_MS]


def retry_after_s(waiting: int, per_second: float) -> int:
    """Return when a refused client should come again (seconds): when a twentieth has drained."""
    if per_second <= 0:
        return _RETRY_AFTER_UNKNOWN_S
    return max(1, min(LONGEST_RETRY_AFTER_S, math.ceil(waiting / 20 / per_second)))


def over_limit(limit: str, room_in_ms: int) -> RateLimitExceeded:
    """Return the refusal by this limit, which may have room in so many ms (0: unknown)."""
    if limit == "budget":
        # Its end may be weeks away, and an SDK that is told a time comes again.
        return InsufficientQuota()
    wait_s = math.ceil(room_in_ms / 1000) if room_in_ms else _RETRY_AFTER_END_S
    return _LIMITED[limit](retry_after_s=max(1, min(LONGEST_RETRY_AFTER_S, wait_s)))
