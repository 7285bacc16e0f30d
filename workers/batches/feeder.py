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
from shared.named_error import named
from shared.store import redis_keys as keys
from shared.store.complaints import Complaints, concerns_all
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.batches import ending, problems, running
from workers.batches.desk import Desk
from workers.batches.pace import Moved, pause_s
from workers.batches.validating import Validation

log = logging.getLogger(__name__)

#: How often it is looked for batches (seconds), and how long the right to it lasts.
FEED_S: Final = 0.5
_LEASE_S: Final = 30.0
#: Most batches of one round that run, and most of others; then it is the turn of the next ones.
_MOST: Final = 50
#: How long they may take (seconds).
_LONG_S: Final = 2.0
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
        self._complaints = Complaints(log, "batch")
        self._validation = Validation(desk)
        #: Batches for whose files there is no room, and since when (unix seconds).
        self._no_room: dict[str, float] = {}
        #: Whose turn it was last: of the batches that run, and of the others.
        self._last: dict[bool, Batch] = {}
        #: Of those that run, which only wait for providers that have batches of their own.
        self._quiet: set[str] = set()
        #: Whether Redis or the database was away when it was last tried.
        self._is_out = False

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
        """Move some batches on by one step: each of them, when there are not too many."""
        if not self._lease.hold(self._token, _LEASE_S):
            self._quiet.clear()
            self._validation.forget()
            return []
        return self._turn(running=False) + self._turn(running=True)

    def _turn(self, *, running: bool) -> list[Moved]:
        """Move those on whose turn it is, until that has taken long: the next round goes on."""
        found = self._desk.batches.active(_MOST, self._last.get(running), running=running)
        share = self._share(len(found)) if running else 0
        until_s, steps = self._desk.process.monotonic() + _LONG_S, list[Moved]()
        for batch in found:
            steps.append(self._move(batch, share))
            self._last[running] = batch
            if self._desk.process.monotonic() >= until_s:
                break
        return steps

    def _share(self, running: int) -> int:
        """Return how many jobs a batch may have in the queues; `running` of them are seen now."""
        if running == _MOST:
            running = self._desk.batches.in_progress()
        window = self._desk.process.settings.batch_window
        return max(1, window // max(1, running - len(self._quiet)))

    def _move(self, batch: Batch, share: int) -> Moved:
        """Move a batch on. What is wrong with it is told, and holds up no other."""
        try:
            moved = self._step(batch, share)
        except Exception as exc:
            if concerns_all(exc):
                self._note_outage(exc)
            else:
                self._complaints.note(batch.id, named(exc))
                problems.tell_no_progress(self._desk, batch.id, problems.failing(exc))
            return Moved.NOTHING
        else:
            self._note(batch, moved)
            return moved
        finally:
            self._lease.hold(self._token, _LEASE_S)

    def _note_outage(self, error: Exception) -> None:
        """Say what holds up all, once for all of them."""
        if not self._is_out:
            log.warning("batches: not moved on, retrying: %s", named(error))
        self._is_out = True

    def _note(self, batch: Batch, moved: Moved) -> None:
        if self._is_out:
            log.warning("batches: go on again")
            self._is_out = False
        if batch.is_readable and self._complaints.settle(batch.id):
            problems.tell_progress(self._desk, batch.id)
        if batch.status is Status.IN_PROGRESS and moved is Moved.NOTHING_SOON:
            self._quiet.add(batch.id)
        else:
            self._quiet.discard(batch.id)

    def _step(self, batch: Batch, share: int) -> Moved:
        desk, is_done = self._desk, True
        is_ending = batch.to_tell or batch.ends_as or batch.status is Status.CANCELLING
        if not (batch.is_readable or is_ending):
            self._complaints.note(batch.id, "what is kept of it cannot be read")
            return Moved.NOTHING_SOON
        if batch.to_tell:
            ending.tell(desk, batch)
        elif batch.status is Status.VALIDATING:
            return self._validation.move(batch)
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
            problems.tell_no_room(self._desk, batch, exc)
            return Moved.NOTHING_SOON
