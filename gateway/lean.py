"""What the gateway does in fewer steps than its libraries, and how each is left to them."""

from __future__ import annotations

from typing import Final

from flask import Response

from gateway.http.flask_app import App
from gateway.http.request import IncomingRequest
from gateway.http.request_headers import RequestHeaders
from gateway.http.response import JsonResponse
from shared.lean import Part, Step
from shared.store import client


def _plain_init(self: JsonResponse, body: bytes | str | None, status: int = 200) -> None:
    Response.__init__(self, body, status, content_type="application/json")


STEPS: Final = (
    Step(
        "Flask: dispatch",
        (
            Part(App, "full_dispatch_request"),
            Part(App, "preprocess_request"),
            Part(App, "do_teardown_request"),
            Part(App, "do_teardown_appcontext"),
            Part(App, "ensure_sync"),
        ),
    ),
    Step("Flask: routes", (Part(App, "create_url_adapter"),)),
    Step(
        "Werkzeug: requests",
        (
            Part(RequestHeaders, "get"),
            Part(IncomingRequest, "host"),
            Part(IncomingRequest, "mimetype"),
            Part(IncomingRequest, "close"),
        ),
    ),
    Step(
        "Werkzeug: answers",
        (Part(JsonResponse, "__init__", _plain_init), Part(JsonResponse, "__call__")),
    ),
    *client.STEPS,
)
