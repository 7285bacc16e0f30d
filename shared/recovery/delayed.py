"""Jobs with a moment of their own (`runAfter`) that has come: they go into the lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from shared.operation import Operation
from shared.queues import gates, queue_keys
from shared.queues import names as task_names
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.scripts import Call

#: Most jobs of one run of the script, in which Redis serves nobody else: a few milliseconds.
_AT_ONCE: Final = 200
#: Such runs of one round trip: on a busy machine these take longer than the scripts.
_TOGETHER: Final = 2
#: Most jobs of a slice.
_SLICE: Final = 2000
#: Members of a place, before the ids of its jobs.
_NAMES: Final = 5


class _Place(NamedTuple):
    """What the jobs of one run of the script have in common."""

    model: str
    priority: int
    owner: str
    provider: str
    operation: Operation

    @property
    def queue(self) -> str:
        """The Celery queue of their model."""
        return task_names.chat_queue(self.model)

    @property
    def has_own_gate(self) -> bool:
        """Whether their gate is another than that of the queue."""
        return gates.gate(self.queue, self.provider, self.operation) != self.queue


class DelayedJobs(Ledger):
    """Finds them and puts them in line. Raises redis.RedisError."""

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
        for first in range(0, len(calls), _TOGETHER):
            self._scripts.run_all(calls[first : first + _TOGETHER])
        return bool(count == _SLICE)

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
        Operation(operation.decode() or Operation.CHAT),
    )


def _slices(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield ids[first : first + _AT_ONCE]
