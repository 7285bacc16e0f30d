"""One attempt at a delivery, from its message to its row in the log."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Final

from shared import signing
from shared.delivery_store import DeliveryAttempt, DeliveryClaim, DeliveryState, NextStep
from shared.job import Job
from workers.callbacks import schedule, sender
from workers.callbacks.schedule import CallbackAnswer
from workers.deps import Deps
from workers.patience import patiently

log = logging.getLogger(__name__)

USER_AGENT: Final = "ReplyTo/0.1 (webhook)"


def deliver(deps: Deps, job_id: int) -> None:
    """Make one attempt at the job's callback, unless the message is stale."""
    claim = deps.deliveries.claim(job_id)
    if claim is None:
        log.debug("delivery %s: stale message dropped", job_id)
        return
    job = deps.jobs.get(job_id)
    if job is None:
        log.error("delivery %s: its job is gone", job_id)
        return
    if not job.state.is_final:
        log.info("delivery %s: its job was retried", job_id)
        return
    body = callback_body(job)
    started = deps.monotonic()
    answer = sender.post(
        deps.callback_session,
        claim.url,
        body,
        callback_headers(deps, job, claim, body),
        allow_private=deps.settings.callback_allow_private,
    )
    duration_ms = round((deps.monotonic() - started) * 1000)
    step = schedule.next_step(answer, claim.tries, deps.jitter())
    row = _row(claim, answer, step, body, duration_ms)
    if patiently(deps, lambda: deps.deliveries.finish(job, claim, row, step)):
        _log(claim, step, duration_ms)


def callback_body(job: Job) -> bytes:
    """Return what the callback posts, the same bytes each time: the stored response, or the error.

    An error body says whose it is, because unlike a response it carries nothing of the request.
    """
    if job.response is not None:
        return job.response
    body = {**json.loads(job.error or b"{}"), "id": job.id, "refId": job.ref_id}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def callback_headers(deps: Deps, job: Job, claim: DeliveryClaim, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt, signed now."""
    signature = signing.signature_headers(
        deps.settings.callback_secret.get_secret_value(),
        signing.message_id(job.id, job.generation),
        int(deps.clock()),
        body,
    )
    return {
        **signature,
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "x-job-id": str(job.id),
        "x-ref-id": _header_value(job.ref_id),
        "x-tag": _header_value(job.tag),
        "x-job-state": str(job.state),
        "x-attempt": str(claim.attempt),
    }


def _header_value(text: str) -> str:
    """Return the text as a header can carry it: HTTP headers are Latin-1 on most receivers."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _row(
    claim: DeliveryClaim, answer: CallbackAnswer, step: NextStep, body: bytes, duration_ms: int
) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=claim.attempt,
        trigger="schedule",
        started_ms=claim.now_ms,
        duration_ms=duration_ms,
        body_sha256=hashlib.sha256(body).hexdigest(),
        status=answer.status,
        error=answer.error,
        response_head=answer.head,
        next_attempt_in_s=step.delay_s if step.state is DeliveryState.PENDING else None,
    )


def _log(claim: DeliveryClaim, step: NextStep, duration_ms: int) -> None:
    again = f", again in {step.delay_s:.0f} s" if step.state is DeliveryState.PENDING else ""
    log.info(
        "delivery %s: attempt %s %s (%s) in %s ms%s",
        claim.id,
        claim.attempt,
        step.state,
        step.reason,
        duration_ms,
        again,
    )
