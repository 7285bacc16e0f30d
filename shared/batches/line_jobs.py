"""The jobs of a batch's lines in the ledger: which have ended, and which have served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from shared.batches.store import Line
from shared.jobs.epoch import Epoch
from shared.jobs.job import Job
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.clock import milliseconds
from shared.store.scripts import Call

#: Jobs of one run of a script, in which Redis serves nobody else: about a millisecond.
_LOOKS: Final = 250
#: How long a job stays whose outcome is noted (seconds): who has lost the right to feed and does
#: not know it yet finds it by its RefId.
_STAYS_S: Final = 30.0


class LineJobs(Store):
    """Raises redis.RedisError."""

    def ended(self, lines: Sequence[Line], owner: str) -> tuple[list[Line], list[Line]]:
        """Return the lines whose jobs have ended, and those whose jobs are not there."""
        ended: list[Line] = []
        lost: list[Line] = []
        for first in range(0, len(lines), _LOOKS):
            some = lines[first : first + _LOOKS]
            told: Any = self._scripts.run(
                Call("stand", [keys.job(line.job or 0) for line in some], [owner])
            )
            for line, state in zip(some, told, strict=True):
                if state:
                    (ended if state > 0 else lost).append(line)
        return ended, lost

    def let_go(self, jobs: Sequence[Job]) -> None:
        """Let jobs leave the ledger soon: what they came to is noted, and in the history."""
        if jobs:
            names = [name for job in jobs for name in (keys.job(job.id), _ref(job))]
            self._scripts.run(Call("let_go_soon", names, [milliseconds(_STAYS_S)]))

    def take_ids(self, count: int, known_id: int) -> int:
        """Return the first of so many ids that no job has or will get.

        `known_id` is the highest id that the history knows.
        """
        Epoch(self._client).ensure(known_id)
        return int(self._client.incrby(keys.JOB_ID, count)) - count + 1


def _ref(job: Job) -> str:
    return keys.ref(job.owner, job.ref_id)
