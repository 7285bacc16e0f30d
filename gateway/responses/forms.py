"""Shows a job as a response of OpenAI's Responses API. Pure.

Until there is an answer the object is made here, of the request. Then it is the provider's own
text, in which only what the background is about differs: `id` and `background`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.errors import MalformedJson
from shared.jobs.job import Job, JobState
from shared.wire.chat_request import with_values

_STATUS: Final = {
    JobState.QUEUED: "queued",
    JobState.STARTED: "in_progress",
    JobState.CANCELLED: "cancelled",
}
_is_ours: Final = re.compile(r"resp_job_([1-9][0-9]{0,15})").fullmatch
#: What the object repeats of its request, and what stands there when the request has it not.
_REPEATED: Final[dict[str, Any]] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": None,
    "temperature": None,
    "text": None,
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}


def id_of(job_id: int) -> str:
    """Return the id under which this job's response can be asked for."""
    return f"resp_job_{job_id}"


def job_id_of(response_id: str) -> int | None:
    """Return the job that an id of ours names; None for an id that a provider gave."""
    match = _is_ours(response_id)
    return int(match[1]) if match else None


def response_json(job: Job, response_id: str) -> bytes:
    """Return the job as the response of this id: one of ours, or the provider's own."""
    if job.response is None:
        return to_json_bytes(_without_answer(job, response_id))
    if job_id_of(response_id) is None:
        return job.response
    ours = {"id": response_id, "background": True}
    try:
        return with_values(job.response.decode("utf-8"), ours).encode("utf-8")
    except MalformedJson:
        # Python reads more than JSON has (NaN): such an answer is told as it is.
        return job.response


def _without_answer(job: Job, response_id: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(job.request)
    return {
        "id": response_id,
        "object": "response",
        "created_at": job.created_ms // 1000,
        "status": _STATUS.get(_outcome(job), "failed"),
        "background": True,
        "error": _error(job),
        "incomplete_details": None,
        "model": job.model,
        "output": [],
        "usage": None,
        **{name: _or(request.get(name), default) for name, default in _REPEATED.items()},
    }


def _or(value: object, default: object) -> object:
    return default if value is None else value


def _outcome(job: Job) -> JobState:
    """Return the state that the job has, or will have once it is final."""
    return JobState(job.outcome) if job.state is JobState.EXECUTED else job.state


def _error(job: Job) -> dict[str, Any] | None:
    """Return why there is no answer; None too when that was wished. Codes are OpenAI's few."""
    if job.error is None or _outcome(job) is JobState.CANCELLED:
        return None
    error: dict[str, Any] = json.loads(job.error)["error"]
    code = "server_error"
    if job.status == 429:  # noqa: PLR2004
        code = "rate_limit_exceeded"
    elif 400 <= job.status < 500:  # noqa: PLR2004
        code = "invalid_prompt"
    told = {name: error.get(name) for name in ("message", "type", "param")}
    return {"code": code, **told}
