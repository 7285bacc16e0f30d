"""Jobs with a moment of their own (`runAfter`) that has come: they go into the lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import redis

from shared.named_error import named
from shared.operation import Operation
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, redis_clock
from shared.store.complaints import Complaints, concerns_all
from shared.store.scripts import Call

log = logging.getLogger(__name__)

#: Most jobs of one run of the script, in which Redis serves nobody else: a few milliseconds.
_AT_ONCE: Final = 200
#: Such runs of one round trip: on a busy machine these take longer than the scripts.
_TOGETHER: Final = 2
#: Most jobs of a slice.
_SLICE: Final = 2000
#: Members of a place, before the ids of its jobs; and where the owner is among the arguments.
_NAMES: Final = 5
_OWNER: Final = 3


class _Place(NamedTuple):
    """What the jobs of one run of the script have in common."""

    model: str
    priority: int
    owner: str
    provider: str
    operation: str

    @property
    def queue(self) -> str:
        """The Celery queue of their model."""
        return task_names.chat_queue(self.model)

    @property
    def has_own_gate(self) -> bool:
        """Whether their gate is another than that of the queue (`shared/queues/gates.py`).

        An operation may be one that only a newer version knows.
        """
        return bool(self.provider) or self.operation != Operation.CHAT


class DelayedJobs(Ledger):
    """Finds them and puts them in line. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._complaints = Complaints(log, "delayed jobs of")

    def bring_forward(self) -> bool:
        """Put a slice of what is due in line, the first due first; return whether more may be."""
        call = Call("due_later", [keys.LATER], [self._clock(), _SLICE, keys.JOB_PREFIX])
        count, *places = self._scripts.run(call)
        calls = [
            self._come_due(_place(*told[:_NAMES]), some)
            for told in places
            for some in _slices(told[_NAMES:])
        ]
        # A few scripts a round trip: others that call Redis come in between.
        trips = [calls[first : first + _TOGETHER] for first in range(0, len(calls), _TOGETHER)]
        went_well = [self._run(trip) for trip in trips]
        return bool(count == _SLICE) and all(went_well)

    def _run(self, calls: Sequence[Call]) -> bool:
        """Run scripts; return whether they went well. One that fails holds up none behind it."""
        try:
            self._scripts.run_all(calls)
        except redis.RedisError as exc:
            if concerns_all(exc):
                raise
            # Never settled: the next ones of its owner may go well each time.
            self._complaints.note(str(calls[0].args[_OWNER]), named(exc))
            return False
        return True

    def _come_due(self, place: _Place, ids: Sequence[bytes]) -> Call:
        queue, priority, owner = place.queue, place.priority, place.owner
        return Call(
            "come_due",
            [
                keys.LATER,
                keys.later_of(owner),
                keys.QUEUE_PLACE,
                *queue_keys.window(queue, priority),
                keys.waiting_of(queue, priority, owner),
                keys.drain(queue),
                keys.GATES,
            ],
            [
                self._clock(),
                queue,
                priority,
                owner,
                self._settings.queue_window,
                keys.JOB_PREFIX,
                keys.LIVE_PREFIX,
                int(place.has_own_gate),
                keys.DEADLINES,
                *ids,
            ],
        )


def _place(
    model: bytes, priority: bytes, owner: bytes, provider: bytes, operation: bytes
) -> _Place:
    return _Place(
        model.decode(),
        int(priority),
        owner.decode(),
        provider.decode(),
        operation.decode() or Operation.CHAT,
    )


def _slices(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield ids[first : first + _AT_ONCE]
