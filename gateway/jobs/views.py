"""Jobs: follow one, read it, wait for it, cancel it."""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from gateway.jobs.forms import background_job, status_json
from gateway.jobs.lookup import find_job
from gateway.jobs.status_text import failure_of
from gateway.providers.conditions import obstacles
from shared.dtos import catalog
from shared.dtos.jobs import (
    CancelJob,
    CancelJobResponse,
    GetOpenAiChat,
    GetOpenAiChatResponse,
    GetOpenAiChatStatus,
    WaitForOpenAiChat,
)
from shared.jobs.job import Job, JobState

blueprint = Blueprint("jobs", __name__)


@route(blueprint, catalog.GENERATION_STATUS)
@route(blueprint, catalog.JOB_STATUS)
def status(call: Call[GetOpenAiChatStatus]) -> Response:
    """Say where a job stands; with its result once there is one."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_job(gateway.jobs, principal, wanted.job_id, wanted.ref_id, gateway.history)
    position = gateway.jobs.position(job) if job.state is JobState.QUEUED else None
    waits = job.state is JobState.QUEUED
    kept_from = obstacles(gateway, job.model, job.provider) if waits else ""
    flow = gateway.jobs.flow_standing(job) if waits else None
    return JsonResponse(status_json(job, position, kept_from, flow))


@route(blueprint, catalog.GET_JOB)
def read(call: Call[GetOpenAiChat]) -> GetOpenAiChatResponse:
    """Show a job with all that is known of it."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    return _show(job)


@route(blueprint, catalog.WAIT_FOR_JOB)
def wait(call: Call[WaitForOpenAiChat]) -> GetOpenAiChatResponse:
    """Show a job the moment it has ended, however it ended; at the latest after a time limit."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    if not job.state.is_final:
        with gateway.waiting.mailbox.waiter() as waiter:
            gateway.jobs.watch(job.id, waiter.address)
            waiter.wake()
            waiter.wait_until(
                lambda: _if_final(gateway.jobs.get(job.id)), gateway.settings.sync_timeout_s
            )
        job = find_job(gateway.jobs, principal, job.id, None, gateway.history)
    return _show(job)


@route(blueprint, catalog.CANCEL_JOB)
def cancel(call: Call[CancelJob]) -> CancelJobResponse:
    """End a job that waits, abort one that runs."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    became = gateway.jobs.cancel(job)
    now = find_job(gateway.jobs, principal, job.id, None, gateway.history)
    return CancelJobResponse(id=job.id, ref_id=job.ref_id, job_state=now.state, status=became)


def _if_final(job: Job | None) -> Job | None:
    return job if job is not None and job.state.is_final else None


def _show(job: Job) -> GetOpenAiChatResponse:
    return GetOpenAiChatResponse(result=background_job(job), response_status=failure_of(job))
