"""Moves batches on, one process at a time in the cluster; where it dies, another one goes on.

Each step may be done twice: jobs have RefIds of their batch and line, files have ids of their
batch, and a batch is changed only by who has seen it as it is. See docs/adr/0045-batches.md.
"""

from __future__ import annotations

import logging
import uuid
from typing import Final

from shared.batches.batch import Batch, Status
from shared.errors import StorageQuotaExceeded
from shared.store import redis_keys as keys
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.batches import ending, running
from workers.batches.desk import Desk
from workers.batches.pace import Moved, pause_s
from workers.batches.validating import validate

log = logging.getLogger(__name__)

#: How often it is looked for batches (seconds), and how long the right to it lasts.
FEED_S: Final = 0.5
_LEASE_S: Final = 30.0
#: Most batches that are under way at once; the others wait for their turn.
_MOST: Final = 50
#: The least that a batch may have in the queues.
_LEAST: Final = 20
#: How long a batch is left alone for whose files its owner's storage has no room (seconds).
_NO_ROOM_S: Final = 30.0
#: After so many rounds in which nothing has moved, the next look is soon enough.
_ROUNDS: Final = 20


class Feeder:
    """One process's part in it. Call it again and again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lease = Lease(ScriptRunner(desk.process.redis), keys.BATCH_LEASE)
        self._token = uuid.uuid4().hex
        #: Batches for whose files there is no room, and since when (unix seconds).
        self._no_room: dict[str, float] = {}

    def __call__(self) -> None:
        """Move all batches on. Raises redis.RedisError, DatabaseUnavailable."""
        in_vain = 0
        while in_vain < _ROUNDS:
            steps = self._round()
            if max(steps, default=Moved.NOTHING_SOON) is Moved.NOTHING_SOON:
                return
            in_vain = in_vain + 1 if max(steps) is Moved.NOTHING else 0
            self._desk.process.sleep(pause_s(steps))

    def _round(self) -> list[Moved]:
        """Move each batch on by one step."""
        if not self._lease.hold(self._token, _LEASE_S):
            return []
        active = self._desk.batches.active(_MOST)
        window = self._desk.process.settings.batch_window
        share = max(_LEAST, window // max(1, len(active)))
        return [self._move(batch, share) for batch in active]

    def _move(self, batch: Batch, share: int) -> Moved:
        """Move a batch on."""
        try:
            return self._step(batch, share)
        except Exception as exc:
            # Others may go on, whatever is wrong with this one; it is tried again.
            log.warning("batch %s: made no progress: %r", batch.id, exc)
            return Moved.NOTHING
        finally:
            self._lease.hold(self._token, _LEASE_S)

    def _step(self, batch: Batch, share: int) -> Moved:
        desk, is_done = self._desk, True
        if batch.to_tell:
            ending.tell(desk, batch)
        elif batch.status is Status.VALIDATING:
            validate(desk, batch)
        elif batch.status is Status.IN_PROGRESS:
            return running.run(desk, batch, share)
        elif batch.status is Status.CANCELLING:
            is_done = ending.wind_down(desk, batch, Status.CANCELLED)
        elif batch.status is Status.FINALIZING:
            return self._finish(batch)
        return Moved.MUCH if is_done else Moved.NOTHING

    def _finish(self, batch: Batch) -> Moved:
        """Write the files of a batch; say so, and try later, when there is no room for them."""
        now_s = self._desk.process.clock()
        since_s = self._no_room.get(batch.id)
        if since_s is not None and 0 <= now_s - since_s < _NO_ROOM_S:
            return Moved.NOTHING_SOON
        self._no_room.pop(batch.id, None)
        try:
            return Moved.MUCH if ending.finish(self._desk, batch) else Moved.NOTHING
        except StorageQuotaExceeded as exc:
            self._no_room[batch.id] = now_s
            ending.tell_no_room(self._desk, batch, exc)
            return Moved.NOTHING_SOON
