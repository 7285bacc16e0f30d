"""Health, for whoever decides what becomes of this gateway: open without a key, and tells little.

`/livez`: restart the process when it does not answer. `/readyz`: send it no requests while it says
503. `/up`: whether it can accept work.
"""

from __future__ import annotations

import json
from typing import Final

from flask import Blueprint, Response

from gateway.probe import OK
from gateway.services import services

blueprint = Blueprint("health", __name__)

_OK: Final = "OK\n"
_UNAVAILABLE: Final = 503


@blueprint.get("/up")
def up() -> Response:
    """Answer 200 when the ledger answers; the error handler answers 503 when it does not."""
    services().jobs.ping()
    return Response(_OK, mimetype="text/plain")


@blueprint.get("/livez")
def alive() -> Response:
    """Answer 200: whatever else is down, this process serves requests."""
    return _uncached(Response(_OK, mimetype="text/plain"))


@blueprint.get("/readyz")
def ready() -> Response:
    """Answer 200 when all that a job needs is there, else 503; each is named with its state."""
    states = services().readiness.states()
    is_ready = all(state == OK for state in states.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": states}
    return _uncached(
        Response(
            json.dumps(body) + "\n",
            status=200 if is_ready else _UNAVAILABLE,
            mimetype="application/json",
        )
    )


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
