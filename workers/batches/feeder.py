"""Moves batches on, one process at a time in the cluster; where it dies, another one goes on.

Each step may be done twice: jobs have RefIds of their batch and line, files have ids of their
batch, and a batch is changed only by who has seen it as it is. See docs/adr/0045-batches.md.
"""

from __future__ import annotations

import logging
import uuid
from typing import Final

from shared.batches.batch import Batch, Status
from shared.store import redis_keys as keys
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.batches import ending, running
from workers.batches.desk import Desk
from workers.batches.validating import validate

log = logging.getLogger(__name__)

#: How often it is looked for batches (seconds), and how long the right to it lasts.
FEED_S: Final = 1.0
_LEASE_S: Final = 30.0
#: Most batches that are under way at once; the others wait for their turn.
_MOST: Final = 50
#: The least that a batch may have in the queues.
_LEAST: Final = 20
#: Rounds of one look, and the pause between them (seconds): others use this process too.
_ROUNDS: Final = 20
_PAUSE_S: Final = 0.1


class Feeder:
    """One process's part in it. Call it again and again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lease = Lease(ScriptRunner(desk.process.redis), keys.BATCH_LEASE)
        self._token = uuid.uuid4().hex

    def __call__(self) -> None:
        """Move all batches on. Raises redis.RedisError, DatabaseUnavailable."""
        for _ in range(_ROUNDS):
            if not self._lease.hold(self._token, _LEASE_S):
                return
            active = self._desk.batches.active(_MOST)
            if not active:
                return
            share = max(_LEAST, self._desk.process.settings.batch_window // len(active))
            moved = [self._move(batch, share) for batch in active]
            if not any(moved):
                return
            self._desk.process.sleep(_PAUSE_S)

    def _move(self, batch: Batch, share: int) -> bool:
        """Move a batch on; return whether more may be done at once."""
        try:
            return self._step(batch, share)
        except Exception as exc:
            # Others may go on, whatever is wrong with this one; it is tried again.
            log.warning("batch %s: made no progress: %r", batch.id, exc)
            return True
        finally:
            self._lease.hold(self._token, _LEASE_S)

    def _step(self, batch: Batch, share: int) -> bool:
        desk = self._desk
        if batch.to_tell:
            ending.tell(desk, batch)
        elif batch.status is Status.VALIDATING:
            validate(desk, batch)
        elif batch.status is Status.IN_PROGRESS:
            return running.run(desk, batch, share)
        elif batch.status is Status.CANCELLING:
            ending.wind_down(desk, batch, Status.CANCELLED)
        elif batch.status is Status.FINALIZING:
            ending.finish(desk, batch)
        return True
