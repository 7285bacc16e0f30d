"""Finds the job a request names, among those its caller may see."""

from __future__ import annotations

from gateway.auth import Principal
from shared.errors import JobNotFound
from shared.job import Job
from shared.job_store import JobStore


def find_job(jobs: JobStore, principal: Principal, job_id: int | None, ref_id: str | None) -> Job:
    """Return the job. Raises JobNotFound, also for a job that is somebody else's.

    With both an id and a RefId the id counts and the RefId must be that job's.
    """
    job = find_sent(jobs, principal, job_id, ref_id)
    if job.event:
        raise JobNotFound(field="refId" if ref_id is not None else "id")
    return job


def find_sent(jobs: JobStore, principal: Principal, job_id: int | None, ref_id: str | None) -> Job:
    """Do the same for what has deliveries: also the events that subscriptions are told have ids."""
    if job_id is None and ref_id is not None:
        job_id = jobs.find_id(principal.owner, ref_id)
    job = jobs.get(job_id) if job_id is not None else None
    if job is None or not (principal.is_admin or job.owner == principal.owner):
        raise JobNotFound(field="refId" if ref_id is not None else "id")
    if ref_id is not None and job.ref_id != ref_id:
        raise JobNotFound(field="refId")
    return job
