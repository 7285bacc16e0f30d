"""Embeddings: texts as vectors."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.http.binding import read_call
from gateway.inference.answer import answer
from gateway.services import services
from shared.wire.operation_request import parse_embedding

blueprint = Blueprint("embeddings", __name__)


@blueprint.post("/v1/embeddings")
def embed() -> Response:
    """Embed texts and answer with their vectors."""
    gateway, principal = services(), services().keys.authenticate(request)
    return answer(gateway, principal, read_call(parse_embedding))
