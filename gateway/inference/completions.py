"""Text completions, the older API of OpenAI."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.routes import Call, route
from gateway.inference.answer import answer
from shared.dtos import catalog
from shared.wire.chat_request import ChatCall
from shared.wire.operation_request import parse_completion

blueprint = Blueprint("completions", __name__)


@route(blueprint, catalog.COMPLETE_TEXT, read=partial(read_call, parse_completion))
def complete(call: Call[ChatCall]) -> Response:
    """Complete a text, and answer at its end or as it comes."""
    return answer(call.services, call.principal, call.request)
