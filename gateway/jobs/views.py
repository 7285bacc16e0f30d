"""Jobs: follow one, read it, wait for it, cancel it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.http.binding import bind
from gateway.http.routes import dto_route
from gateway.jobs.forms import background_job, status_json
from gateway.jobs.lookup import find_job
from gateway.providers.conditions import obstacles
from gateway.services import services
from shared.api_keys.scopes import Scope
from shared.dtos.base import Dto
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


@dto_route(blueprint, "GetOpenAiChatStatus", "GET")
def status() -> Response:
    """Say where a job stands; with its result once there is one."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    wanted = bind(GetOpenAiChatStatus)
    job = find_job(gateway.jobs, principal, wanted.job_id, wanted.ref_id, gateway.history)
    position = gateway.jobs.position(job) if job.state is JobState.QUEUED else None
    waits = job.state is JobState.QUEUED
    kept_from = obstacles(gateway, job.model, job.provider) if waits else ""
    return Response(status_json(job, position, kept_from), mimetype="application/json")


@dto_route(blueprint, "GetOpenAiChat", "GET")
def read() -> Response:
    """Show a job with all that is known of it."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    wanted = bind(GetOpenAiChat)
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    return _show(job)


@dto_route(blueprint, "WaitForOpenAiChat", "GET")
def wait() -> Response:
    """Show a job the moment it has ended, however it ended; at the latest after a time limit."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    wanted = bind(WaitForOpenAiChat)
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    if not job.state.is_final:
        with gateway.mailbox.waiter() as waiter:
            gateway.jobs.watch(job.id, waiter.address)
            waiter.wake()
            waiter.wait_until(
                lambda: _if_final(gateway.jobs.get(job.id)), gateway.settings.sync_timeout_s
            )
        job = find_job(gateway.jobs, principal, job.id, None, gateway.history)
    return _show(job)


@dto_route(blueprint, "CancelJob", "POST")
def cancel() -> Response:
    """End a job that waits, abort one that runs."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.CHAT)
    wanted = bind(CancelJob)
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    became = gateway.jobs.cancel(job)
    now = find_job(gateway.jobs, principal, job.id, None, gateway.history)
    return _json(
        CancelJobResponse(id=job.id, ref_id=job.ref_id, job_state=now.state, status=became)
    )


def _if_final(job: Job | None) -> Job | None:
    return job if job is not None and job.state.is_final else None


def _show(job: Job) -> Response:
    return _json(GetOpenAiChatResponse(result=background_job(job)))


def _json(dto: Dto) -> Response:
    return Response(dto.to_json(), mimetype="application/json")
