"""Retries jobs that have failed: one, or all that match."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final

from flask import Blueprint

from gateway.auth.authenticator import Principal
from gateway.http.routes import Call, route
from gateway.inference.accept import allowance_of
from gateway.jobs.lookup import find_job
from gateway.jobs.paging import job_filter
from gateway.services import Services
from shared.dtos import catalog
from shared.dtos.history import RetryJob, RetryJobResponse, RetryJobs, RetryJobsResponse
from shared.errors import NotRetryable, OwnerBytesFull, RateLimitExceeded
from shared.groups.group import GroupState
from shared.groups.store import GroupStore
from shared.history.rows import Row
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Retried

blueprint = Blueprint("retry_jobs", __name__)

_ENDED_BADLY: Final = (JobState.FAILED, JobState.CANCELLED)
#: How often it is looked behind rows of which none can be queued again: they are on their way, or
#: their requests are not kept, and must not hide others for ever.
_PAGES: Final = 10


@route(blueprint, catalog.RETRY_JOB)
def retry_one(call: Call[RetryJob]) -> RetryJobResponse:
    """Queue the job again."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
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
    matched = retried = 0
    with suppress(RateLimitExceeded):
        for number in range(_PAGES):
            rows = gateway.lists.queries.page(
                filter_, skip=number * wanted.take, take=wanted.take, newest_first=False
            )
            matched += len(rows)
            before = retried
            for row in () if wanted.dry_run else rows:
                # Other rows may be of other owners, or smaller.
                with suppress(OwnerBytesFull):
                    retried += _retry_row(gateway, principal, row)
            if wanted.dry_run or retried > before or len(rows) < wanted.take:
                break
    return RetryJobsResponse(matched=matched, retried=retried, dry_run=wanted.dry_run)


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
    """Queue a job again, one that left the ledger with the request that the history keeps."""
    if job.state not in _ENDED_BADLY:
        return False
    allowance = allowance_of(principal, job.request.decode("utf-8")) if job.request else None
    became = gateway.jobs.retry(job, allowance=allowance)
    if became is Retried.UNKNOWN and job.request:
        became = gateway.jobs.retry(job, put_back=True, allowance=allowance)
    return became is Retried.QUEUED
