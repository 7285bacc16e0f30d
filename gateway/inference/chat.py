"""Chat: queue one, or call synchronously on either wire."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.routes import Call, route
from gateway.inference.answer import answer
from gateway.inference.enqueue import queue_job
from shared.dtos import catalog
from shared.dtos.jobs import QueueOpenAiChatResponse
from shared.wire.chat_request import ChatCall, parse_chat_completion, parse_queue_chat_completion

blueprint = Blueprint("chat", __name__)


@route(blueprint, catalog.QUEUE_CHAT, read=partial(read_call, parse_queue_chat_completion))
def queue(call: Call[ChatCall]) -> QueueOpenAiChatResponse:
    """Accept a chat, and say where to ask for it."""
    return queue_job(call.services, call.principal, call.request, catalog.JOB_STATUS)


@route(blueprint, catalog.COMPLETE_CHAT, read=partial(read_call, parse_chat_completion))
def complete(call: Call[ChatCall]) -> Response:
    """Run a chat through the queue and answer with its result, at its end or as it comes."""
    return answer(call.services, call.principal, call.request)
