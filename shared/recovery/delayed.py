"""Jobs with a moment of their own (`runAfter`) that has come: they go into the lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import redis

from shared.queues import gates, queue_keys
from shared.recovery.jobs import JobRecovery, Waiting
from shared.recovery.search import BATCH, Search
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, redis_clock
from shared.store.scripts import Call

#: Most jobs of one run of the script, in which Redis serves nobody else: a few milliseconds.
_AT_ONCE: Final = 200


class _Place(NamedTuple):
    """What the jobs of one run of the script have in common."""

    queue: str
    priority: int
    owner: str
    has_own_gate: bool


class DelayedJobs(Ledger):
    """Finds them and puts them in line. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._search = Search(client, settings, clock)
        self._jobs = JobRecovery(client, settings, clock)

    def bring_forward(self) -> bool:
        """Put a slice of what is due in line, the first due first; return whether more may be."""
        ids = self._search.due(keys.LATER)
        by_place: dict[_Place, list[int]] = defaultdict(list)
        for job in self._jobs.waiting(ids, leave=keys.LATER):
            by_place[_place(job)].append(job.id)
        # One script a round trip: others that call Redis come in between.
        for place, found in by_place.items():
            for some in _slices(found):
                self._scripts.run(self._come_due(place, some))
        return len(ids) == BATCH

    def _come_due(self, place: _Place, ids: Sequence[int]) -> Call:
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


def _place(job: Waiting) -> _Place:
    has_own_gate = gates.gate(job.queue, job.provider, job.operation) != job.queue
    return _Place(job.queue, job.priority, job.owner, has_own_gate)


def _slices(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield ids[first : first + _AT_ONCE]
