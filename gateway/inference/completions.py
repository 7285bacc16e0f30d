"""Text completions, the older API of OpenAI."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.http.binding import read_call
from gateway.inference.answer import answer
from gateway.services import services
from shared.wire.operation_request import parse_completion

blueprint = Blueprint("completions", __name__)


@blueprint.post("/v1/completions")
def complete() -> Response:
    """Complete a text, and answer at its end or as it comes."""
    gateway, principal = services(), services().keys.authenticate(request)
    return answer(gateway, principal, read_call(parse_completion))
