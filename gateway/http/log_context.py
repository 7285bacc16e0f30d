"""What a log line written on the way of a request tells of it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, has_request_context

from gateway.http.request import IncomingRequest, incoming
from gateway.server.access_log import TOLD


def about_request() -> dict[str, Any]:
    """Return what is known of the request under way; nothing when there is none."""
    return told(incoming()) if has_request_context() else {}


def told(request: IncomingRequest) -> dict[str, Any]:
    """Return what is known of a request, by the names of a line's fields."""
    principal = request.principal
    return {
        "request_id": request.request_id,
        "key": principal.actor if principal else None,
        "job": request.job_id or None,
        "model": request.model,
    }


def tell_access_log(app: Flask) -> None:
    """Leave what is known of each request where the access log looks for it."""

    def tell(response: Response) -> Response:
        request = incoming()
        # Not the request itself: its environment would refer to itself.
        request.environ[TOLD] = told(request)
        return response

    app.after_request(tell)
