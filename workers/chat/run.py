"""One message's work on a job: an attempt, and others at once at other providers if it fails.

What if the process dies here? Before the claim: the job is Queued without a message, the tick
pushes it again. After it: the lease runs out and the tick reaps it. After execute: completion has
it. So every line may be the last one.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from redis.exceptions import RedisError

from shared.jobs.failures import ANSWER_TOO_LARGE, INTERNAL_ERROR
from shared.jobs.job import Attempt, JobState
from shared.jobs.moves import Claim, Deferred, Executed, NoFailOver, Result
from shared.queues import names as task_names
from shared.store.refusals import ValueTooLarge
from shared.store.scripts import Call
from shared.telemetry.counters import Count
from workers.chat.attempt import Outcome, make_attempt
from workers.chat.deps import ChatDeps
from workers.chat.relay import StreamRefused
from workers.chat.running import Aborted, AbortReason, RunningAttempt
from workers.patience import patiently
from workers.routing import slots
from workers.routing.candidates import (
    candidates_for_bulk,
    candidates_of,
    has_choice,
    near_beginning,
    unasked,
)

log = logging.getLogger(__name__)

#: What becomes of a job where something happens that nobody has foreseen.
_UNFORESEEN: Final = Outcome(Result.failure(INTERNAL_ERROR))
#: What becomes of one whose answer Redis can never take.
_TOO_LARGE: Final = Outcome(Result.failure(ANSWER_TOO_LARGE))


def run_chat(deps: ChatDeps, job_id: int, queue: str, priority: int) -> None:
    """Work on the job, unless the message is stale or the job has to wait for a provider.

    `queue` and `priority` are those of the message that led here.
    """
    deps.lanes.begin(priority)
    claim = (_claim_bulk if priority == task_names.BULK else _claim)(deps, job_id, queue, priority)
    if claim is None:
        log.debug("job %s: stale message dropped, or no provider is free", job_id)
        return
    log.debug("job %s: attempt %s claimed, at %s", job_id, claim.attempt, claim.chosen)
    deps.routing.traffic.counts["received"] += 1
    with deps.running.attempt(claim) as running:
        try:
            deps.lanes.give_way(priority)
            outcome = make_attempts(deps, running)
        except StreamRefused:
            log.warning("job %s: stream of attempt %s refused", job_id, running.claim.attempt)
            return
        except Aborted as aborted:
            if aborted.reason is AbortReason.LEASE_LOST:
                log.warning("job %s: attempt %s lost its lease", job_id, running.claim.attempt)
                return
            outcome = Outcome.cancelled()
        except ValueTooLarge:
            outcome = _TOO_LARGE
        except RedisError:
            raise
        except Exception:
            log.exception("job %s: unforeseen error", job_id)
            outcome = _UNFORESEEN
        deps.lanes.give_way(priority)
        _stored(deps, running, outcome)


def _claim(deps: ChatDeps, job_id: int, queue: str, priority: int) -> Claim | None:
    candidates = candidates_of(deps.routing, task_names.model_of(queue))
    return deps.jobs.claim(job_id, queue, priority, deps.process.name, candidates)


def _claim_bulk(deps: ChatDeps, job_id: int, queue: str, priority: int) -> Claim | None:
    """Claim a line of a batch; it counts at once where it is likely to go: a poll follows soon."""
    servers, model = deps.routing.servers, task_names.model_of(queue)
    candidates = candidates_for_bulk(deps.routing, model)
    likely = candidates[0].provider.name if candidates else ""
    servers.began(likely)
    if has_choice(candidates):
        mark = deps.reader.beginning(job_id)
        candidates = near_beginning(deps.routing, model, candidates, mark)
    claim = deps.jobs.claim(job_id, queue, priority, deps.process.name, candidates)
    servers.began(likely, -1)
    if claim is not None:
        servers.began(claim.chosen)
    return claim


def _stored(deps: ChatDeps, running: RunningAttempt, outcome: Outcome) -> None:
    """Store the outcome; where that fails for a reason of its own, store that it did."""
    try:
        store(deps, running.claim, outcome)
    except ValueTooLarge as exc:
        log.warning("job %s: %s", running.claim.id, exc)
        store(deps, running.claim, replace(outcome, result=_TOO_LARGE.result))
    except RedisError:
        raise
    except Exception:
        log.exception("job %s: its outcome could not be stored", running.claim.id)
        # Nothing else that could fail: a slot that nobody gives back ends with its lease.
        _execute(deps, running.claim, _UNFORESEEN, [])


def make_attempts(deps: ChatDeps, running: RunningAttempt) -> Outcome:
    """Make an attempt, and others at providers that have not failed yet. Raises Aborted."""
    while True:
        outcome = make_attempt(deps, running.claim)
        if not outcome.may_go_elsewhere or outcome.record is None:
            return outcome
        following = _fail_over(deps, running.claim, outcome.record)
        if following is NoFailOver.CANCEL:
            return Outcome.cancelled(outcome.record)
        if following is NoFailOver.NONE and _others_are_busy(deps, running.claim):
            # What this provider will not do, another one may when it has room again.
            return replace(outcome, delay_s=outcome.delay_s or outcome.wait_s)
        if isinstance(following, NoFailOver):
            return outcome
        running.claim = following


def store(deps: ChatDeps, claim: Claim, outcome: Outcome) -> None:
    """Put the outcome into the ledger, however long that takes: the answer may have been paid."""
    along = slots.given_back(deps.routing, claim, outcome.result)
    if outcome.delay_s is not None:
        if _defer(deps, claim, outcome, along) is not Deferred.CANCEL:
            log.debug("job %s: again in %.1f s", claim.id, outcome.delay_s)
            deps.routing.traffic.counts["retries"] += 1
            deps.process.counters.add(Count.DEFERRED)
            return
        outcome = Outcome.cancelled(outcome.record)
    _execute(deps, claim, outcome, along)


def _execute(deps: ChatDeps, claim: Claim, outcome: Outcome, along: list[Call]) -> None:
    executed = patiently(
        deps.process,
        lambda: deps.jobs.execute(claim.id, claim.attempt, outcome.result, outcome.record, along),
    )
    log.debug("job %s: result of attempt %s: %s", claim.id, claim.attempt, executed)
    is_answer = outcome.result.outcome is JobState.COMPLETED
    deps.routing.traffic.counts["completed" if is_answer else "failed"] += 1
    if executed is Executed.REFUSED:
        log.warning("job %s: late result of attempt %s refused", claim.id, claim.attempt)
        deps.process.counters.add(Count.LATE_RESULTS_REFUSED)


def _defer(deps: ChatDeps, claim: Claim, outcome: Outcome, along: list[Call]) -> Deferred:
    return patiently(
        deps.process,
        lambda: deps.jobs.defer(
            claim.id,
            claim.attempt,
            outcome.delay_s or 0.0,
            outcome.record,
            failed=(*claim.failed, claim.chosen),
            along=along,
        ),
    )


def _others_are_busy(deps: ChatDeps, claim: Claim) -> bool:
    """Whether there is somebody whom this job has not asked and who might be asked."""
    return any(
        one.condition.is_usable and claim.operation in one.operations
        for one in unasked(candidates_of(deps.routing, claim.model), claim)
    )


def _fail_over(deps: ChatDeps, claim: Claim, record: Attempt) -> Claim | NoFailOver:
    """Begin the next attempt at another provider, if one has room now."""
    candidates = candidates_of(deps.routing, claim.model)
    if not unasked(candidates, claim):
        return NoFailOver.NONE
    try:
        following = deps.jobs.fail_over(claim, candidates, record)
    except RedisError as exc:
        log.warning("job %s: no other provider asked, ledger not reachable: %s", claim.id, exc)
        return NoFailOver.NONE
    if isinstance(following, Claim):
        slots.let_go(deps.routing, claim)
    return following
