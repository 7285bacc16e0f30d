"""The job ledger: the moves of a job's life, each one atomic Lua script.

KEYS and ARGV of each move stand at the top of its script in `lua/`. Times are milliseconds; a
`now_ms` of 0 means Redis's own clock, the only one that all machines share.
"""

from __future__ import annotations

from collections.abc import Callable

import redis

from shared.ledger.attempts import Attempts
from shared.ledger.bulk_acceptance import BulkAcceptance
from shared.ledger.commands import Commands
from shared.ledger.completion import Completion
from shared.ledger.reader import Reader
from shared.settings import Settings
from shared.store.clock import Clock, redis_clock


class JobStore(BulkAcceptance, Attempts, Completion, Commands, Reader):
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
