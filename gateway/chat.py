"""Chat: queue one, or call synchronously on either wire."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request

from gateway.accept_job import accept_job
from gateway.auth import Principal
from gateway.binding import chat_body
from gateway.client_presence import client_left
from gateway.event_stream import EventStream, Place, as_response
from gateway.routes import dto_route
from gateway.services import Services, services
from shared import task_names
from shared.api_keys.scopes import Scope
from shared.chat_request import ChatCall, parse_chat_completion, parse_queue_chat_completion
from shared.dtos.jobs import QueueOpenAiChatResponse
from shared.errors import StreamGone, WaitTimedOut
from shared.job import Job, JobState
from shared.moves import Accepted

blueprint = Blueprint("chat", __name__)

#: A deadline a little past the job's own, so that its failure is told rather than guessed (s).
_GRACE_S: Final = 5.0


@dto_route(blueprint, "QueueOpenAiChatCompletion", "POST")
def queue() -> Response:
    """Accept a chat, and say where to ask for it."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.CHAT)
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
    """Run a chat through the queue and answer with its result, at its end or as it comes."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.CHAT)
    call = parse_chat_completion(chat_body())
    answer = _stream if call.chat.stream else _wait
    return answer(gateway, principal, call)


def _wait(gateway: Services, principal: Principal, call: ChatCall) -> Response:
    timeout_s, left = gateway.settings.sync_timeout_s, client_left(request.environ)
    with gateway.mailbox.waiter() as waiter:
        accepted = _accept(gateway, principal, call, waiter.address)
        if not accepted.is_new:
            gateway.jobs.watch(accepted.id, waiter.address)
            waiter.wake()
        job = waiter.wait_until(
            lambda: _if_answered(gateway.jobs.get(accepted.id)), timeout_s + _GRACE_S, left
        )
    if job is None:
        _drop_if_unnamed(gateway, call, accepted.id)
        raise WaitTimedOut(f"The job {accepted.id} has not ended yet; ask for its status.")
    return _answer(job)


def _stream(gateway: Services, principal: Principal, call: ChatCall) -> Response:
    accepted = _accept(gateway, principal, call)
    known = None if accepted.is_new else _if_answered(gateway.jobs.get(accepted.id))
    left = client_left(request.environ)
    stream = EventStream(gateway, accepted.id, Place(), left, ended=known is not None)
    first = stream.wait_for_first(gateway.settings.sync_timeout_s + _GRACE_S)
    if first is not None and (first.chunks or first.end is JobState.COMPLETED):

        def close() -> None:
            stream.close()
            if not stream.is_over:
                _drop_if_unnamed(gateway, call, accepted.id)

        return as_response(stream, accepted.id, close)
    stream.close()
    job = _if_answered(gateway.jobs.get(accepted.id))
    if job is None:
        _drop_if_unnamed(gateway, call, accepted.id)
        raise WaitTimedOut(f"The job {accepted.id} has not begun to answer; ask for its status.")
    if job.response is not None:
        raise StreamGone
    return _answer(job)


def _accept(gateway: Services, principal: Principal, call: ChatCall, mailbox: str = "") -> Accepted:
    accepted, _ = accept_job(
        gateway,
        principal,
        call,
        priority=task_names.INTERACTIVE,
        timeout_s=gateway.settings.sync_timeout_s,
        mailbox=mailbox,
    )
    return accepted


def _drop_if_unnamed(gateway: Services, call: ChatCall, job_id: int) -> None:
    """Cancel the job of a client that has left, unless it can come back: by its RefId."""
    if call.ref_id is None:
        job = gateway.jobs.get(job_id)
        if job is not None:
            gateway.jobs.cancel(job)


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
