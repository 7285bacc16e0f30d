"""What a callback posts: the result as it is stored, or a link to one that is large. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from shared.callbacks.result_links import expiry_s, result_url
from shared.codecs.json_bytes import to_json_bytes
from shared.jobs.job import Job
from shared.media import callback as media_callback
from shared.operation import MEDIA
from shared.settings import Settings


def callback_body(job: Job) -> bytes:
    """Return the body, the same bytes at every attempt: the result, unless a link stands for it."""
    return job.callback_body if job.callback_body is not None else result_body(job)


def result_body(job: Job) -> bytes:
    """Return the stored response, or the error.

    An error body says whose it is, because unlike a response it carries nothing of the request.
    """
    if job.operation in MEDIA:
        return media_callback.body(job)
    if job.response is not None:
        return job.response
    return to_json_bytes({**json.loads(job.error or b"{}"), "id": job.id, "refId": job.ref_id})


def thin_body(settings: Settings, job: Job) -> bytes:
    """Return the body that links to the result of an executed job; needs none of its contents."""
    body = {
        "id": job.id,
        "refId": job.ref_id,
        "jobState": job.outcome,
        "model": job.model,
        "resultUrl": result_url(settings, job),
        "expires": iso_seconds(expiry_s(settings, job)),
    }
    return to_json_bytes(body)


def iso_seconds(moment_s: int) -> str:
    """Return unix seconds as ISO 8601 in UTC with Z."""
    return datetime.fromtimestamp(moment_s, tz=UTC).isoformat().replace("+00:00", "Z")
