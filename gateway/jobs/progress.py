"""Tells the follower of a stream what its job waits for, until the first chunk is there."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Final

from redis.exceptions import RedisError

from gateway.jobs.status_text import status_text
from shared.codecs import sse
from shared.dtos.jobs import StreamProgress
from shared.jobs.job import Job, JobState
from shared.jobs.moves import FlowStanding, Position
from shared.ledger.job_store import JobStore
from shared.named_error import named

log = logging.getLogger(__name__)

#: How often the job is looked at (seconds): soon when it is about to start, else less often.
_LEAST_S: Final = 1.0
_MOST_S: Final = 10.0
#: Of the time until it may start.
_SHARE: Final = 0.05
#: A job that runs seldom goes back into line.
_WHILE_STARTED_S: Final = 5.0


class QueueProgress:
    """One follower's progress. Its events have no id: nobody resumes behind them."""

    def __init__(
        self, jobs: JobStore, job_id: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._clock = clock
        self._look_at_s = 0.0
        self._told = b""

    def look(self) -> bytes | None:
        """Return an event when it is time to look and something has changed."""
        if self._clock() < self._look_at_s:
            return None
        try:
            told, pause_s = self._now()
        except RedisError as exc:
            log.warning("job %s: its place in line cannot be read: %s", self._job_id, named(exc))
            told, pause_s = b"", _MOST_S
        self._look_at_s = self._clock() + pause_s
        if not told or told == self._told:
            return None
        self._told = told
        return told

    def _now(self) -> tuple[bytes, float]:
        """Return the event that tells how the job stands, and when to look again (seconds)."""
        [job] = self._jobs.summaries([self._job_id])
        if job is None or job.state.has_result:
            return b"", _MOST_S
        if job.state is JobState.STARTED:
            return _event("started", job, None), _WHILE_STARTED_S
        position, flow = self._jobs.position(job), self._jobs.flow_standing(job)
        if position is None and flow is None:
            # It waits for another attempt: why, its attempts tell.
            job = self._jobs.get(self._job_id) or job
        return _event("queued", job, position, flow), pause_s(position)


def pause_s(position: Position | None) -> float:
    """Return when to look again at a job in line (seconds): who is far back hears less often."""
    start_in_s = position.start_in_s if position else None
    if start_in_s is None:
        return _LEAST_S
    return min(max(start_in_s * _SHARE, _LEAST_S), _MOST_S)


def _event(
    name: str, job: Job, position: Position | None, flow: FlowStanding | None = None
) -> bytes:
    start_in_s = position.start_in_s if position else None
    progress = StreamProgress(
        queue_position=position.before if position else None,
        estimated_start_secs=None if start_in_s is None else math.ceil(start_in_s),
        status=status_text(job, position, flow=flow),
    )
    return sse.encode(progress.to_json(), name=name)
