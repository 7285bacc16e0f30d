"""Finds the job a request names, among those its caller may see."""

from __future__ import annotations

from gateway.auth.authenticator import Principal
from shared.errors import JobNotFound
from shared.history.reader import HistoryReader
from shared.jobs.job import Job
from shared.ledger.job_store import JobStore


def find_job(
    jobs: JobStore,
    principal: Principal,
    job_id: int | None,
    ref_id: str | None,
    history: HistoryReader | None = None,
) -> Job:
    """Return the job; with a history, also one that has left the ledger.

    With both an id and a RefId the id counts and the RefId must be that job's. Raises JobNotFound,
    also for a job that is somebody else's, and DatabaseUnavailable.
    """
    job = find_sent(jobs, principal, job_id, ref_id, history)
    if job.event:
        raise JobNotFound(field="refId" if ref_id is not None else "id")
    return job


def find_sent(
    jobs: JobStore,
    principal: Principal,
    job_id: int | None,
    ref_id: str | None,
    history: HistoryReader | None = None,
) -> Job:
    """Do the same for what has deliveries: also the events that subscriptions are told have ids."""
    job = _in_ledger(jobs, principal, job_id, ref_id)
    if job is None and history is not None:
        job = _in_history(history, principal, job_id, ref_id)
    if job is None or not (principal.is_admin or job.owner == principal.owner):
        raise JobNotFound(field="refId" if ref_id is not None else "id")
    if ref_id is not None and job.ref_id != ref_id:
        raise JobNotFound(field="refId")
    return job


def _in_ledger(
    jobs: JobStore, principal: Principal, job_id: int | None, ref_id: str | None
) -> Job | None:
    if job_id is None and ref_id is not None:
        job_id = jobs.find_id(principal.owner, ref_id)
    return jobs.get(job_id) if job_id is not None else None


def _in_history(
    history: HistoryReader, principal: Principal, job_id: int | None, ref_id: str | None
) -> Job | None:
    if job_id is not None:
        return history.get(job_id, None if principal.is_admin else principal.owner)
    return history.find(principal.owner, ref_id) if ref_id is not None else None
