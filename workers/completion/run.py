"""Makes executed jobs final, some hundred in one pass.

Ids leave the pending list only after their jobs are complete, and completing twice is harmless:
whoever dies half-way leaves the rest to the next doorbell, which the tick rings if nobody else.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from dataclasses import replace
from typing import Final

from redis.exceptions import RedisError

from shared.jobs.job import Job, JobState
from shared.ledger.completion import Gathered
from shared.named_error import named
from shared.telemetry.counters import Count
from shared.telemetry.tally import Tallied, Tally
from workers.completion.charges import charges_of
from workers.completion.deps import CompletionDeps

log = logging.getLogger(__name__)

#: Most jobs of one pass.
BATCH: Final = 300
_COUNTS: Final = {
    JobState.COMPLETED: Count.ENDED_COMPLETED,
    JobState.FAILED: Count.ENDED_FAILED,
    JobState.CANCELLED: Count.ENDED_CANCELLED,
}
#: How long nobody else completes after this process said it does (seconds). Every pass, which takes
#: milliseconds, renews it; when the process was killed, all completions wait for its end.
LEASE_S: Final = 3.0


def complete_executed(deps: CompletionDeps) -> int:
    """Complete jobs until none is left; return how many. Another process at it: return at once."""
    token, done, more_wait = uuid.uuid4().hex, 0, False
    while True:
        if not more_wait:
            deps.pace.keep(deps.process.monotonic, deps.process.sleep)
        gathered = deps.jobs.gather(token, LEASE_S, BATCH)
        if not gathered.ids:
            return done
        deps.pace.passed(deps.process.monotonic, len(gathered.ids))
        more_wait = len(gathered.ids) == BATCH
        completed, is_stuck = _complete_all(deps, gathered)
        done += completed
        if is_stuck:
            # Nothing but what cannot be completed is left; the tick rings again. Until then nobody
            # else has to wait for this process.
            deps.jobs.give_up_completion(token)
            return done


def _complete_all(deps: CompletionDeps, gathered: Gathered) -> tuple[int, bool]:
    """Complete the jobs; where something unforeseen comes up, each one alone.

    Returns how many, and whether not even one could be.
    """
    try:
        return _complete(deps, gathered), False
    except RedisError:
        raise
    except Exception as exc:
        if deps.complaints.is_new("some", named(exc)):
            log.exception("%s jobs could not be completed in one pass", len(gathered.ids))
    alone = [_complete_alone(deps, replace(gathered, ids=[job_id])) for job_id in gathered.ids]
    return sum(one or 0 for one in alone), all(one is None for one in alone)


def _complete_alone(deps: CompletionDeps, gathered: Gathered) -> int | None:
    try:
        return _complete(deps, gathered)
    except RedisError:
        raise
    except Exception as exc:
        job_id = gathered.ids[0]
        if deps.complaints.is_new(str(job_id), named(exc)):
            log.exception("job %s could not be completed", job_id)
        # Behind those that can be: else enough of them would be all that is looked at.
        deps.jobs.put_off_completion(job_id)
        return None


def _complete(deps: CompletionDeps, gathered: Gathered) -> int:
    ids = gathered.ids
    jobs = deps.reader.summaries(ids)
    known = [job for job in jobs if job is not None]
    deps.jobs.drop_executed([i for i, job in zip(ids, jobs, strict=True) if job is None])
    states = deps.jobs.complete(known, charges_of(deps, known), gathered.subscribers)
    ended = [(job, state) for job, state in zip(known, states, strict=True) if state is not None]
    for job, state in ended:
        _log_end(job, state)
        _tally_end(deps.process.tally, job, state)
    deps.process.counters.add_ended(
        Counter(_COUNTS[state] for _, state in ended),
        (job.executed_ms - job.created_ms for job, state in ended if state is JobState.COMPLETED),
    )
    return len(known)


def _tally_end(tally: Tally, job: Job, state: JobState) -> None:
    asked = job.at or job.provider
    tally.add(Tallied.JOBS, job.model, asked, str(job.operation), state.value.lower())
    tally.observe(Tallied.WAIT, _waited_ms(job), job.model)
    tally.observe(Tallied.RUN, _ran_ms(job), job.model)
    tally.observe(Tallied.TOTAL, job.executed_ms - job.created_ms, job.model)


def _waited_ms(job: Job) -> int:
    return max(0, (job.started_ms or job.executed_ms) - job.created_ms)


def _ran_ms(job: Job) -> int:
    return max(0, job.executed_ms - job.started_ms) if job.started_ms else 0


def _log_end(job: Job, state: JobState) -> None:
    log.info(
        "job %s: %s model=%s attempts=%s waited_ms=%s ran_ms=%s",
        job.id,
        state,
        job.model,
        job.attempt,
        _waited_ms(job),
        _ran_ms(job),
        extra={"request_id": job.request_id, "key": job.key_id},
    )
