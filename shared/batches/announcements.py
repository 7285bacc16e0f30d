"""Tells of batches that have ended: their own URL, and their owner's subscriptions."""

from __future__ import annotations

from typing import Final

from shared.batches.batch import Batch
from shared.callbacks.delivery_keys import LINE, MESSAGES, of_events
from shared.callbacks.events import batch_event
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.scripts import Call

#: How long it is remembered that a batch was told of (ms): while its end may be done again.
_MEMORY_MS: Final = 7 * 86_400_000


class Announcements(Store):
    """Raises redis.RedisError."""

    def tell(self, batch: Batch) -> bool:
        """Tell of a batch's end, once; False when it was told before."""
        moment_s = batch.times[batch.status.value]
        call = Call(
            "announce",
            [
                keys.batch_told(batch.id),
                *of_events(batch.owner),
                MESSAGES,
                LINE,
                keys.QUEUE_PLACE,
            ],
            [
                self._clock(),
                batch.owner,
                f"batch.{batch.status}",
                batch_event(batch.id, batch.status, moment_s),
                batch.reply_to,
                batch.id,
                _MEMORY_MS,
            ],
        )
        return bool(self._scripts.run(call))
