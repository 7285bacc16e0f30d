"""Retries jobs that have failed: one, or all that match."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from flask import Blueprint

from gateway.auth.authenticator import Principal
from gateway.http.routes import Call, route
from gateway.inference.accept import allowance_of, no_such_model
from gateway.jobs.lookup import find_job
from gateway.jobs.many import queue_again
from gateway.jobs.paging import job_filter
from gateway.services import Services
from shared.codecs.place import Place, place_of
from shared.dtos import catalog
from shared.dtos.history import RetryJob, RetryJobResponse, RetryJobs, RetryJobsResponse
from shared.errors import NotRetryable
from shared.groups.group import GroupState
from shared.groups.store import GroupStore
from shared.history.rows import Row
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Retried

blueprint = Blueprint("retry_jobs", __name__)

_ENDED_BADLY: Final = (JobState.FAILED, JobState.CANCELLED)


@route(blueprint, catalog.RETRY_JOB)
def retry_one(call: Call[RetryJob]) -> RetryJobResponse:
    """Queue the job again."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    if not principal.may_use(job.model):
        raise no_such_model(job.model)
    if not retry_job(gateway, principal, job):
        raise _refusal(gateway, job)
    return RetryJobResponse(id=job.id, ref_id=job.ref_id, job_state=JobState.QUEUED)


def _refusal(gateway: Services, job: Job) -> NotRetryable:
    """Return why a job is not queued again."""
    if job.group and job.state in _ENDED_BADLY:
        group = GroupStore(gateway.redis, gateway.settings).find(job.owner, job.group)
        if group is not None and group.state is GroupState.CANCELLING:
            return NotRetryable("Its group is being cancelled: try again when that has ended.")
    return NotRetryable()


@route(blueprint, catalog.RETRY_JOBS)
def retry_many(call: Call[RetryJobs]) -> RetryJobsResponse:
    """Queue all jobs again that match, the oldest first."""
    gateway, principal, wanted = call.services, call.principal, call.request
    filter_ = job_filter(principal, wanted, everybody=principal.is_admin)
    filter_ = replace(filter_, state=wanted.state or JobState.FAILED)

    def page(after: Place) -> list[tuple[Place, Row]]:
        behind = replace(filter_, after=after)
        rows = gateway.lists.queries.page(behind, skip=0, take=wanted.take, newest_first=False)
        return [(Place(row["created_ms"], row["id"]), row) for row in rows]

    after = place_of(wanted.after)
    if wanted.dry_run:
        return RetryJobsResponse(matched=len(page(after)), retried=0, dry_run=True)
    retry = partial(_retry_row, gateway, principal)
    done = queue_again(page, retry, after=after, take=wanted.take)
    return RetryJobsResponse(
        matched=done.matched,
        retried=done.retried,
        dry_run=False,
        after=done.after and str(done.after),
    )


def _retry_row(gateway: Services, principal: Principal, row: Row) -> bool:
    """Queue a job of the history again; False when it cannot be, or is on its way already."""
    job = gateway.jobs.get(row["id"])
    if job is None or job.created_ms != row["created_ms"]:
        job = gateway.history.get(row["id"], row["owner"])
    return (
        job is not None
        and job.created_ms == row["created_ms"]
        and retry_job(gateway, principal, job)
    )


def retry_job(gateway: Services, principal: Principal, job: Job) -> bool:
    """Queue a job again, one that left the ledger with the request that the history keeps.

    False for one that is not to be, or whose model is not the caller's to use.
    """
    if job.state not in _ENDED_BADLY or not principal.may_use(job.model):
        return False
    allowance = allowance_of(principal, job.request.decode("utf-8")) if job.request else None
    became = gateway.jobs.retry(job, allowance=allowance)
    if became is Retried.UNKNOWN and job.request:
        became = gateway.jobs.retry(job, put_back=True, allowance=allowance)
    return became is Retried.QUEUED
