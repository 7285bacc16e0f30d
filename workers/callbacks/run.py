"""One attempt at a delivery, from its message to its row in the log."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from shared.callbacks.body import callback_body
from shared.callbacks.delivery import (
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    Health,
    NextStep,
)
from shared.jobs.job import Job, JobState
from shared.security import signing
from shared.security.signing import SigningKey
from shared.telemetry.log_setup import about_job
from shared.telemetry.tally import Tallied, Tally
from workers.callbacks.deps import CallbackDeps
from workers.callbacks.outcome import CallbackAnswer
from workers.callbacks.retry_schedule import Schedule
from workers.callbacks.slots import Slot
from workers.patience import patiently

log = logging.getLogger(__name__)

USER_AGENT: Final = "ReplyTo/0.1 (webhook)"
_JOB_GONE: Final = "its job is not there any more"


@dataclass(frozen=True, slots=True)
class _Post:
    """A POST that was made."""

    answer: CallbackAnswer
    duration_ms: int
    body: bytes
    key_ids: tuple[str, ...]


#: Most deliveries that one task sends, one after the other: a worker that is told to stop waits for
#: its tasks.
_MOST_IN_TURN: Final = 20


def deliver(deps: CallbackDeps, job_id: int) -> None:
    """Make one attempt at the job's callback, unless the message is stale or there is no room.

    Then go on with those that wait for the same receiver: what has no room while the receiver is
    busy needs no message of its own.
    """
    for left in range(_MOST_IN_TURN, 0, -1):
        with about_job(job_id):
            following = _deliver(deps, job_id, take=left > 1)
        if following is None:
            return
        job_id = following


def _deliver(deps: CallbackDeps, job_id: int, *, take: bool) -> int | None:
    """Make one attempt; return the next delivery to this receiver if there is one to take."""
    with deps.slots.take() as slot:
        asked_s = deps.process.monotonic()
        claim = _claimed(deps, job_id, slot)
        if claim is None:
            log.debug("delivery %s: stale or parked", job_id)
            return None
        return _attempt(deps, claim, asked_s, take=take)


def _claimed(deps: CallbackDeps, job_id: int, slot: Slot) -> DeliveryClaim | None:
    with deps.slots.claiming:
        claim = deps.deliveries.claim(
            job_id, unproven=slot.may_be_unproven, but_of=slot.full_owners
        )
        if claim is not None and not claim.proven:
            slot.belongs_to(claim.index)
    if claim is None or claim.proven:
        slot.is_proven()
    return claim


def _attempt(deps: CallbackDeps, claim: DeliveryClaim, asked_s: float, *, take: bool) -> int | None:
    with deps.leases.held(claim, asked_s):
        job = deps.jobs.get(claim.id)
        if job is None:
            _end_without_job(deps, claim)
            return None
        if not job.state.is_final:
            log.info("delivery %s: its job was retried", claim.id)
            return None
        if not deps.leases.is_still_ours(claim):
            log.warning("delivery %s: attempt %s lost its lease", claim.id, claim.attempt)
            return None
        return _send(deps, job, claim, take=take)


def _end_without_job(deps: CallbackDeps, claim: DeliveryClaim) -> None:
    """End a delivery whose job is gone, and with it what there was to send."""
    row = DeliveryAttempt(claim.attempt, claim.trigger, claim.now_ms, 0, "", detail=_JOB_GONE)
    nobody = Job(claim.id, ref_id="", owner="", model="", state=JobState.COMPLETED)
    step = NextStep(DeliveryState.STOPPED, _JOB_GONE)
    deps.deliveries.finish(nobody, claim, row, step)
    log.error("delivery %s: %s", claim.id, _JOB_GONE)


def _send(deps: CallbackDeps, job: Job, claim: DeliveryClaim, *, take: bool) -> int | None:
    row, step = attempt(deps, job, claim)
    # A worker that is told to stop waits for its tasks: one that met a slow receiver ends here.
    take = take and step.health is Health.ANSWERED
    finished = patiently(
        deps.process, lambda: deps.deliveries.finish_and_take(job, claim, row, step, take=take)
    )
    if finished.recorded:
        _log(job, claim, step, row.duration_ms)
        _tally(deps.process.tally, step, row.duration_ms)
    return finished.following


def attempt(deps: CallbackDeps, job: Job, claim: DeliveryClaim) -> tuple[DeliveryAttempt, NextStep]:
    """Send the callback once; return the row of the log, and what follows."""
    try:
        post = _post(deps, job, claim)
    except RedisError:
        raise
    except Exception as exc:
        log.exception(
            "delivery %s: attempt %s ended by an unforeseen error", claim.id, claim.attempt
        )
        answer = CallbackAnswer(error="internal", detail=f"unforeseen: {type(exc).__name__}")
        post = _Post(answer, duration_ms=0, body=b"", key_ids=())
    step = schedule_of(deps).next_step(post.answer, claim.tries, deps.process.jitter())
    return _row(claim, post, step), step


def schedule_of(deps: CallbackDeps) -> Schedule:
    """Return the schedule that the operator set."""
    settings = deps.process.settings
    return Schedule(settings.callback_pauses_s, settings.callback_overload_pause_s)


def _post(deps: CallbackDeps, job: Job, claim: DeliveryClaim) -> _Post:
    body, signers = callback_body(job), deps.signing_keys.of(job.owner)
    headers = callback_headers(job, claim, body, signers, int(deps.process.clock()))
    started = deps.process.monotonic()
    answer = deps.sender.post(claim.url, body, headers, job.owner)
    duration_ms = round((deps.process.monotonic() - started) * 1000)
    return _Post(answer, duration_ms, body, tuple(key.id for key in signers))


def callback_headers(
    job: Job, claim: DeliveryClaim, body: bytes, signers: Sequence[SigningKey], now_s: int
) -> dict[str, str]:
    """Return the headers of one attempt, signed now."""
    signature = signing.signature_headers(
        signers, signing.message_id(job.id, job.generation, job.epoch), now_s, body
    )
    return {
        **signature,
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        **_about(job),
        "x-attempt": str(claim.number),
    }


def _about(job: Job) -> dict[str, str]:
    if job.event:
        return {"x-event": job.event}
    return {
        "x-job-id": str(job.id),
        "x-ref-id": _header_value(job.ref_id),
        "x-tag": _header_value(job.tag),
        "x-job-state": str(job.state),
    }


def _header_value(text: str) -> str:
    """Return the text as a header can carry it: HTTP headers are Latin-1 on most receivers."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _row(claim: DeliveryClaim, post: _Post, step: NextStep) -> DeliveryAttempt:
    answer = post.answer
    return DeliveryAttempt(
        number=claim.attempt,
        trigger=claim.trigger,
        scheduled_ms=claim.scheduled_ms,
        started_ms=claim.now_ms,
        duration_ms=post.duration_ms,
        body_sha256=hashlib.sha256(post.body).hexdigest(),
        key_ids=post.key_ids,
        status=answer.status,
        error=answer.error,
        detail=answer.detail,
        ip=answer.ip,
        retry_after_s=answer.retry_after_s,
        response_head=answer.head,
        next_attempt_in_s=step.delay_s if step.state is DeliveryState.PENDING else None,
    )


def _tally(tally: Tally, step: NextStep, duration_ms: int) -> None:
    state = step.state
    tally.add(Tallied.ATTEMPTS, "delivered" if state is DeliveryState.DELIVERED else "failed")
    tally.observe(Tallied.CALLBACK, duration_ms)
    if state is not DeliveryState.PENDING:
        tally.add(Tallied.DELIVERIES, state.value.lower())


def _log(job: Job, claim: DeliveryClaim, step: NextStep, duration_ms: int) -> None:
    again = f", again in {step.delay_s:.0f} s" if step.state is DeliveryState.PENDING else ""
    log.info(
        "delivery %s: attempt %s %s (%s) in %s ms%s",
        claim.id,
        claim.attempt,
        step.state,
        step.reason,
        duration_ms,
        again,
        extra={"request_id": job.request_id, "key": job.key_id},
    )
