"""Chat: queue one, or call synchronously on either wire."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.http.binding import read_call
from gateway.http.routes import dto_route
from gateway.inference.answer import answer
from gateway.inference.enqueue import queue_job
from gateway.services import services
from shared.api_keys.scopes import Scope
from shared.wire.chat_request import parse_chat_completion, parse_queue_chat_completion

blueprint = Blueprint("chat", __name__)


@dto_route(blueprint, "QueueOpenAiChatCompletion", "POST")
def queue() -> Response:
    """Accept a chat, and say where to ask for it."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.CHAT)
    call = read_call(parse_queue_chat_completion)
    return queue_job(gateway, principal, call, "GetOpenAiChatStatus")


@blueprint.post("/v1/chat/completions")
@dto_route(blueprint, "OpenAiChatCompletion", "POST")
def complete() -> Response:
    """Run a chat through the queue and answer with its result, at its end or as it comes."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.CHAT)
    return answer(gateway, principal, read_call(parse_chat_completion))
