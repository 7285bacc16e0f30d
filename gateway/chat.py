"""Chat: queue one, or call synchronously on either wire."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request

from gateway.accept_job import accept_job
from gateway.binding import chat_body
from gateway.routes import dto_route
from gateway.services import services
from shared import task_names
from shared.chat_request import parse_chat_completion, parse_queue_chat_completion
from shared.dtos.jobs import QueueOpenAiChatResponse
from shared.errors import WaitTimedOut
from shared.job import Job

blueprint = Blueprint("chat", __name__)

#: A deadline a little past the job's own, so that its failure is told rather than guessed (s).
_GRACE_S: Final = 5.0


@dto_route(blueprint, "QueueOpenAiChatCompletion", "POST")
def queue() -> Response:
    """Accept a chat, and say where to ask for it."""
    gateway, principal = services(), services().keys.authenticate(request)
    call = parse_queue_chat_completion(chat_body())
    accepted, ref_id = accept_job(
        gateway,
        principal,
        call,
        priority=task_names.QUEUED,
        timeout_s=gateway.settings.job_timeout_s,
    )
    base = (gateway.settings.base_url or f"{request.scheme}://{request.host}").rstrip("/")
    status_url = f"{base}/api/GetOpenAiChatStatus?RefId={quote(ref_id, safe='')}"
    body = QueueOpenAiChatResponse(id=accepted.id, ref_id=ref_id, status_url=status_url)
    return Response(body.to_json(), mimetype="application/json")


@blueprint.post("/v1/chat/completions")
@dto_route(blueprint, "OpenAiChatCompletion", "POST")
def complete() -> Response:
    """Run a chat through the queue and answer with its result."""
    gateway, principal = services(), services().keys.authenticate(request)
    call = parse_chat_completion(chat_body())
    timeout_s = gateway.settings.sync_timeout_s
    with gateway.mailbox.waiter() as waiter:
        accepted, ref_id = accept_job(
            gateway,
            principal,
            call,
            priority=task_names.INTERACTIVE,
            timeout_s=timeout_s,
            mailbox=waiter.address,
        )
        if not accepted.is_new:
            gateway.jobs.watch(accepted.id, waiter.address)
            waiter.wake()
        job = waiter.wait_until(
            lambda: _if_answered(gateway.jobs.get(accepted.id)), timeout_s + _GRACE_S
        )
    if job is None:
        raise WaitTimedOut(
            f"The job {accepted.id} (refId {ref_id}) has not ended yet; ask for its status."
        )
    return _answer(job)


def _if_answered(job: Job | None) -> Job | None:
    return job if job is not None and job.state.has_result else None


def _answer(job: Job) -> Response:
    """Return the job's result as it is stored: the LLM's own bytes, or the error body."""
    body = job.response if job.response is not None else job.error
    response = Response(body, status=job.status, mimetype="application/json")
    response.headers["x-job-id"] = str(job.id)
    response.headers["openai-processing-ms"] = str(max(0, job.executed_ms - job.created_ms))
    if job.response is None:
        # The attempts have been made here: an SDK that repeats the call would repeat them all.
        response.headers["x-should-retry"] = "false"
    return response
