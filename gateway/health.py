"""Health: whether this gateway can accept work."""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/up")
def up() -> Response:
    """Answer 200 when the ledger answers; the error handler answers 503 when it does not."""
    services().jobs.ping()
    return Response("OK\n", mimetype="text/plain")
