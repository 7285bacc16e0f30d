"""Finds jobs that have not ended, or have just ended and are not in the history yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from shared.history.query import JobFilter, beginning_of
from shared.jobs.job import Job, JobState
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.queues.gates import gate_parts
from shared.store import redis_keys as keys

#: Most jobs looked at in each of the ledger's lists, the latest ones.
_LOOKED_AT: Final = 2000


class LiveJobs:
    """Reads them from the ledger. Raises redis.RedisError."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self._client = jobs.client

    def find(self, wanted: JobFilter) -> list[Job]:
        """Return the jobs, without contents, the newest first."""
        if wanted.error is not None or wanted.status is not None:
            return []
        found = self._jobs.summaries(sorted(self._ids(wanted), reverse=True))
        return [job for job in found if job is not None and _matches(job, wanted)]

    def _ids(self, wanted: JobFilter) -> set[int]:
        places = [keys.LEASES, keys.DELAYED, keys.EXECUTED, keys.UNSTORED]
        places += (
            (keys.LATER, keys.PARKED)
            if wanted.owner is None
            else (keys.later_of(wanted.owner), keys.parked_of(wanted.owner))
        )
        queues = [task_names.chat_queue(model) for model in self._models(wanted.model)]
        places += [line for queue in queues for line in queue_keys.lines(queue)]
        for gate in {*queues, *self._gates(queues)}:
            places += (
                queue_keys.waiting(gate)
                if wanted.owner is None or beginning_of(wanted.owner) is not None
                else queue_keys.waiting_of(gate, wanted.owner)
            )
        pipe = self._client.pipeline(transaction=False)
        for place in places:
            pipe.zrevrange(place, 0, _LOOKED_AT - 1)
        return {int(job_id) for row in pipe.execute() for job_id in row}

    def _models(self, model: str | None) -> Sequence[str]:
        if model is not None and beginning_of(model) is None:
            return [model]
        names: Any = self._client.smembers(keys.MODELS)
        return sorted(name.decode() for name in names if _same(model, name.decode()))

    def _gates(self, queues: Sequence[str]) -> set[str]:
        """Return the closed gates of these queues: their jobs wait apart from the queue."""
        gates: Any = self._client.smembers(keys.GATES)
        wanted, names = set(queues), {gate.decode() for gate in gates}
        return {name for name in names if gate_parts(name).queue in wanted}


def _matches(job: Job, wanted: JobFilter) -> bool:
    return (
        _same(wanted.owner, job.owner)
        and _state_matches(job, wanted.state)
        and _same(wanted.model, job.model)
        and _same(wanted.tag, job.tag)
        and _same(wanted.ref_id, job.ref_id)
        and _same(wanted.provider, job.provider)
        and (wanted.from_ms is None or job.created_ms >= wanted.from_ms)
        and (wanted.to_ms is None or job.created_ms <= wanted.to_ms)
    )


def _same(wanted: str | None, actual: str) -> bool:
    if wanted is None or wanted == actual:
        return True
    beginning = beginning_of(wanted)
    return beginning is not None and actual.startswith(beginning)


def _state_matches(job: Job, wanted: JobState | None) -> bool:
    return wanted is None or job.state is wanted
