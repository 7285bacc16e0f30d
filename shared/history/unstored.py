"""The ended jobs in the ledger that are not in the history yet, and the right to store them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.jobs.epoch import Epoch
from shared.jobs.job import Job, from_hash
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.lease import Lease
from shared.store.scripts import Argument, Call

#: Jobs of one script: Redis does nothing else while it runs, about 10 µs a job.
_NOTED: Final = 200


class Unstored(Ledger):
    """Reads and clears the list. Raises redis.RedisError when the ledger cannot be reached."""

    def enter(self, token: str, lease_s: float) -> bool:
        """Become the one who stores; renew with the same token. False: somebody else is."""
        return Lease(self._scripts, keys.HISTORY_LEASE).hold(token, lease_s)

    def ids(self, most: int) -> list[int]:
        """Return the ids of jobs to store, those first that ended first."""
        ids: Any = self._client.zrange(keys.UNSTORED, 0, most - 1)
        return [int(job_id) for job_id in ids]

    def count(self) -> int:
        """Return how many jobs are to be stored."""
        return int(self._client.zcard(keys.UNSTORED))  # type: ignore[arg-type,unused-ignore]

    def read(self, job_ids: Sequence[int]) -> list[Job | None]:
        """Read jobs with all that is in them, in one round trip."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(keys.job(job_id))
        return [from_hash(fields) for fields in pipe.execute()]

    def note_stored(self, jobs: Sequence[Job], costs: Mapping[int, int] | None = None) -> set[int]:
        """Take jobs off the list that are in the history as they were read.

        `costs` (nano units, by id) are added up in the jobs' groups.
        Returns the ids of those that were on it: each job is among them once, whoever stores it.
        """
        left: set[int] = set()
        for first in range(0, len(jobs), _NOTED):
            call = self._stored(jobs[first : first + _NOTED], costs or {})
            left.update(map(int, self._scripts.run(call)))
        return left

    def _stored(self, jobs: Sequence[Job], costs: Mapping[int, int]) -> Call:
        names = [keys.UNSTORED]
        args: list[Argument] = [milliseconds(self._settings.result_ttl_s), keys.GROUPS]
        for job in jobs:
            names += [keys.job(job.id), keys.ref(job.owner, job.ref_id), keys.delivery(job.id)]
            args += [job.id, job.generation, costs.get(job.id, 0)]
        return Call("stored", names, args)

    def drop(self, job_ids: Sequence[int]) -> None:
        """Take ids off the list whose jobs do not exist any more."""
        if job_ids:
            self._client.zrem(keys.UNSTORED, *job_ids)

    def keep_ids_above(self, job_id: int) -> None:
        """Let no new job get an id up to this one: in a Redis that was emptied they begin at 1."""
        Epoch(self._client).ensure(job_id)
