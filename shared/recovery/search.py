"""How the tick finds what is due, dead or missing, jobs and deliveries alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.queues import names as task_names
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.scripts import Call

#: Most jobs one command moves in one tick.
BATCH: Final = 1000
#: How long a message may be out of its list before it counts as lost (seconds). A worker that
#: took it off claims it at once, unless it is full and holds it until a slot is free.
MISSING_GRACE_S: Final = 3.0


class Search(Ledger):
    """Finds ids in one call each; whoever moves them checks again."""

    def due(self, zset: str) -> list[int]:
        """Return the ids in this set whose time has come, the earliest first."""
        return [int(i) for i in self._scripts.run(Call("due", [zset], [self._clock(), BATCH]))]

    def due_leases(self, zset: str, lease_s: float) -> list[int]:
        """Return the ids whose lease of this many seconds has run out."""
        args = [self._clock(), milliseconds(lease_s), BATCH]
        return [int(i) for i in self._scripts.run(Call("due_leases", [zset], args))]

    def repush(
        self, queues: Iterable[str], priorities: Iterable[int], task: str, state: str
    ) -> int:
        """Give a fresh message to each record whose message is gone; return how many."""
        now, grace_ms = self._clock(), milliseconds(MISSING_GRACE_S)
        places = [(queue, priority) for queue in queues for priority in priorities]
        found = self._scripts.run_all(
            [
                Call(
                    "find_missing",
                    [keys.message_list(*place), keys.line(*place), keys.missing(*place)],
                    [now, grace_ms, BATCH],
                )
                for place in places
            ]
        )
        record = keys.delivery if task == task_names.DELIVER else keys.job
        calls = [
            Call(
                "repush",
                [
                    record(int(job_id)),
                    keys.message_list(queue, priority),
                    keys.line(queue, priority),
                    keys.missing(queue, priority),
                    keys.QUEUE_PLACE,
                ],
                [now, int(job_id), queue, priority, task, state, grace_ms],
            )
            for (queue, priority), ids in zip(places, found, strict=True)
            for job_id in ids
        ]
        return sum(self._scripts.run_all(calls))
