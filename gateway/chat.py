"""Chat: queue one, or call synchronously on either wire."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, request

from gateway.accept_job import accept_job
from gateway.answering import answer
from gateway.binding import chat_body
from gateway.routes import dto_route
from gateway.services import services
from shared import task_names
from shared.chat_request import parse_chat_completion, parse_queue_chat_completion
from shared.dtos.jobs import QueueOpenAiChatResponse

blueprint = Blueprint("chat", __name__)


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
    """Run a chat through the queue and answer with its result, at its end or as it comes."""
    gateway, principal = services(), services().keys.authenticate(request)
    return answer(gateway, principal, parse_chat_completion(chat_body()))
