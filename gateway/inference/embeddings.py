"""Embeddings: texts as vectors."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.routes import Call, route
from gateway.inference.answer import answer
from shared.dtos import catalog
from shared.wire.chat_request import ChatCall
from shared.wire.operation_request import parse_embedding

blueprint = Blueprint("embeddings", __name__)


@route(blueprint, catalog.EMBED, read=partial(read_call, parse_embedding))
def embed(call: Call[ChatCall]) -> Response:
    """Embed texts and answer with their vectors."""
    return answer(call.services, call.principal, call.request)
