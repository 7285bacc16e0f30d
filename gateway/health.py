"""Health, for whoever decides what becomes of this gateway: open without a key, and tells little.

`/livez`: restart the process when it does not answer. `/readyz`: send it no requests while it says
503. `/up`: whether it can accept work. Who has a key is told a little more.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from gateway.probe import OK
from gateway.version import VERSION
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.service import (
    GetServerInfo,
    GetServerInfoResponse,
    NoFields,
    ReadinessResponse,
)
from shared.store.clock import unix_ms

blueprint = Blueprint("health", __name__)

_OK: Final = "OK\n"
_UNAVAILABLE: Final = 503


@route(blueprint, catalog.UP)
def up(call: Call[NoFields]) -> Response:
    """Answer 200 when the ledger answers; the error handler answers 503 when it does not."""
    call.services.jobs.ping()
    return Response(_OK, mimetype="text/plain")


@route(blueprint, catalog.ALIVE)
def alive(_call: Call[NoFields]) -> Response:
    """Answer 200: whatever else is down, this process serves requests."""
    return _uncached(Response(_OK, mimetype="text/plain"))


@route(blueprint, catalog.READY)
def ready(call: Call[NoFields]) -> Response:
    """Answer 200 when all that a job needs is there, else 503; each is named with its state."""
    states = call.services.readiness.states()
    is_ready = all(state == OK for state in states.values())
    told = ReadinessResponse(status="ready" if is_ready else "not ready", checks=states)
    return _uncached(JsonResponse(told.to_json() + b"\n", 200 if is_ready else _UNAVAILABLE))


@route(blueprint, catalog.SERVER_INFO)
def info(call: Call[GetServerInfo]) -> GetServerInfoResponse:
    """Tell which version this is, to who has a key."""
    models = sum(map(call.principal.may_use, call.services.registry.models))
    return GetServerInfoResponse(version=VERSION, date=iso_date(unix_ms()), models=models)


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
