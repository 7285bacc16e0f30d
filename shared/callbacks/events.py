"""What subscriptions are told: events in the form that Standard Webhooks recommends. Pure."""

from __future__ import annotations

from enum import StrEnum

from shared.callbacks.body import iso_seconds
from shared.callbacks.result_links import expiry_s, result_url
from shared.codecs.json_bytes import to_json_bytes
from shared.jobs.job import Job
from shared.settings import Settings


class Event(StrEnum):
    """What can be subscribed to."""

    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    CALLBACK_EXHAUSTED = "callback.exhausted"
    BATCH_COMPLETED = "batch.completed"
    BATCH_FAILED = "batch.failed"
    BATCH_EXPIRED = "batch.expired"
    BATCH_CANCELLED = "batch.cancelled"
    GROUP_COMPLETED = "group.completed"
    GROUP_CANCELLED = "group.cancelled"


def job_event(settings: Settings, job: Job) -> bytes:
    """Return the event of a job that has just ended; it links to the result."""
    data = {
        "id": job.id,
        "refId": job.ref_id,
        "tag": job.tag,
        "jobState": job.outcome,
        "model": job.model,
        "resultUrl": result_url(settings, job),
        "expires": iso_seconds(expiry_s(settings, job)),
    }
    return _body(f"job.{job.outcome.lower()}", job.executed_ms, data)


def exhausted_event(job: Job, url: str, attempts: int, reason: str, now_ms: int) -> bytes:
    """Return the event of a callback that its receiver never took."""
    data = {
        "id": job.id,
        "refId": job.ref_id,
        "tag": job.tag,
        "url": url,
        "attempts": attempts,
        "reason": reason,
    }
    return _body(Event.CALLBACK_EXHAUSTED, now_ms, data)


def batch_event(batch_id: str, status: str, moment_s: int) -> bytes:
    """Return the event of a batch that has ended, in the form of OpenAI's webhooks.

    https://platform.openai.com/docs/api-reference/webhook-events/batch
    """
    event = {
        "id": f"evt_{batch_id}",
        "object": "event",
        "type": f"batch.{status}",
        "created_at": moment_s,
        "data": {"id": batch_id},
    }
    return to_json_bytes(event)


def group_event(kind: str, now_ms: int, data: dict[str, object]) -> bytes:
    """Return the event of a group of jobs that has ended."""
    return _body(f"group.{kind}", now_ms, data)


def _body(event: str, moment_ms: int, data: dict[str, object]) -> bytes:
    moment = iso_seconds(moment_ms // 1000)
    return to_json_bytes({"type": event, "timestamp": moment, "data": data})
