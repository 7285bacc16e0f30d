"""Finds responses by either of their names, and what a new one needs to continue one."""

from __future__ import annotations

from dataclasses import replace

from gateway.auth.authenticator import Principal
from gateway.jobs.lookup import find_job
from gateway.responses import forms as response_view
from gateway.services import Services
from shared.errors import JobNotFound, ValidationFailed
from shared.jobs.job import Job
from shared.operation import Operation
from shared.wire import response_events
from shared.wire.chat_request import ChatCall, with_values
from shared.wire.operation_request import ResponseCall


def find_response(gateway: Services, principal: Principal, response_id: str) -> Job:
    """Return the job of this response, also one that has left the ledger.

    Raises JobNotFound, also for one that is somebody else's, and DatabaseUnavailable.
    """
    job_id = response_view.job_id_of(response_id)
    if job_id is None:
        job_id = gateway.response_names.find_id(principal.owner, response_id)
    not_found = JobNotFound(f"There is no response '{response_id[:256]}'.", field="response_id")
    if job_id is None:
        raise not_found
    try:
        job = find_job(gateway.jobs, principal, job_id, None, gateway.history)
    except JobNotFound:
        raise not_found from None
    # A history without bodies has nothing left to show.
    if job.operation is not Operation.RESPONSE or not job.request:
        raise not_found
    return job


def continued(gateway: Services, principal: Principal, asked: ResponseCall) -> ChatCall:
    """Return the call with the provider's own name of the response before it, and to that provider.

    Of a response that is not known here nothing is changed. Raises ValidationFailed when one of
    ours has no answer to go on from.
    """
    call, previous = asked.call, asked.previous
    if previous is None:
        return call
    try:
        job = find_response(gateway, principal, previous)
    except JobNotFound as exc:
        if response_view.job_id_of(previous) is None:
            return call
        raise _nothing_there(previous) from exc
    own = response_events.parse(job.response or b"").get("id")
    if not isinstance(own, str):
        raise _nothing_there(previous)
    body = with_values(call.chat.body, {"previous_response_id": own})
    return replace(
        call,
        chat=replace(call.chat, body=body),
        provider=call.provider or _holder(gateway, job, call.chat.model),
    )


def _holder(gateway: Services, job: Job, model: str) -> str | None:
    """Return the provider that holds the job's response, if it has this model too."""
    last = job.attempts[-1].provider if job.attempts else None
    registry = gateway.registry
    able = {one.name for one in (registry.serving(model) if model else registry.providers)}
    return last if last in able else None


def _nothing_there(response_id: str) -> ValidationFailed:
    return ValidationFailed(
        f"There is no answer of the response '{response_id}' to go on from.",
        field="previous_response_id",
    )
