"""What is posted of a job with media: AI Server's body, with absolute links. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.jobs.job import Job
from shared.media import request, result
from shared.operation import TEXTS, Operation

Json = dict[str, Any]

#: Parts of a transcript that clients of AI Server read.
_OF_A_SEGMENT: Final = ("start", "end", "text", "speaker")


def body(job: Job) -> bytes:
    """Return `{state, refId, outputs, textOutputs}`, or with `responseStatus` if it failed."""
    told: Json = {"state": state_of(job) or None, "refId": job.ref_id, "jobId": job.id}
    if job.response is not None:
        told["outputs"] = outputs(job) or None
        told["textOutputs"] = text_outputs(job) or None
    else:
        told["responseStatus"] = json.loads(job.error or b"{}").get("responseStatus")
    return to_json_bytes({name: value for name, value in told.items() if value is not None})


def state_of(job: Job) -> str:
    """Return what the client gave to get it back."""
    try:
        return request.read(job.request).state if job.request else ""
    except ValueError:
        return ""


def outputs(job: Job) -> list[Json]:
    """Return the files that the job made, as AI Server lists them."""
    return [
        {
            "fileName": kept.name,
            "url": kept.url,
            **({"provider": job.at} if job.at else {}),
            "contentType": kept.media_type,
            "size": kept.size,
        }
        for kept in result.artifacts(job.response)
    ]


def text_outputs(job: Job) -> list[Json]:
    """Return the texts that the job made: of a transcript two, the second its parts as JSON."""
    if job.operation not in TEXTS:
        return []
    told = [{"text": text} for text in result.texts(job.response)]
    if job.operation is Operation.IMAGE_TO_TEXT or not told:
        return told
    parts = [
        {name: one[name] for name in _OF_A_SEGMENT if name in one}
        for one in result.segments(job.response)
    ]
    return [*told, {"text": json.dumps(parts, ensure_ascii=False)}]
