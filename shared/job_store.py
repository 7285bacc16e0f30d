"""The job ledger: the moves of a job's life, each one atomic Lua script.

KEYS and ARGV of each move stand at the top of its script in `lua/`. Times are milliseconds; a
`now_ms` of 0 means Redis's own clock, the only one that all machines share.
"""

from __future__ import annotations

from collections.abc import Callable

import redis

from shared.clock import Clock, redis_clock
from shared.jobs.acceptance import Acceptance
from shared.jobs.attempts import Attempts
from shared.jobs.completion import Completion
from shared.jobs.reader import Reader
from shared.jobs.wishes import Wishes
from shared.settings import Settings


class JobStore(Acceptance, Attempts, Completion, Wishes, Reader):
    """Issues every job move. Raises redis.RedisError when the ledger cannot be reached."""

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        clock: Clock = redis_clock,
        known_id: Callable[[], int] = lambda: 0,
    ) -> None:
        """`known_id` tells the highest id that the history knows."""
        super().__init__(client, settings, clock)
        self._known_id = known_id
