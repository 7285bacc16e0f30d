"""Lets pages of other origins call the API from a browser: the CORS protocol of the Fetch standard.

https://fetch.spec.whatwg.org/#http-cors-protocol. Keys are sent in headers, never as cookies, so
answers do not depend on the origin and credentials are not allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Final

from flask import Flask, Response, request

from gateway.http.response import nothing

_PATHS: Final = (
    *("/v1/", "/api/", "/json/reply/", "/json/oneway/"),
    *("/artifacts/", "/variants/", "/files/", "/uploads/"),
)
_METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
#: How long a browser may remember what it was allowed (seconds).
_MAX_AGE_S: Final = 600
#: Headers of answers that pages may read, beside the few that they always may.
_EXPOSED: Final = ", ".join(
    (
        "x-request-id",
        "x-job-id",
        "x-provider",
        "x-adjusted",
        "x-autobatch-completed",
        "x-autobatch-group",
        "content-disposition",
        "content-range",
        "etag",
        "x-should-retry",
        "retry-after",
        "openai-processing-ms",
        "openai-version",
        *(
            f"x-ratelimit-{what}-{of}"
            for what in ("limit", "remaining", "reset")
            for of in ("requests", "tokens")
        ),
    )
)


def register(app: Flask, origins: Collection[str]) -> None:
    """Allow these origins; `*` allows all."""
    app.before_request(_answer_preflight)
    app.after_request(partial(_allow, origins))


def _answer_preflight() -> Response | None:
    """Answer what a browser asks before it sends a call; the call itself needs its key."""
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method == "OPTIONS" and asked and request.path.startswith(_PATHS):
        return nothing()
    return None


def _allow(origins: Collection[str], response: Response) -> Response:
    if not request.path.startswith(_PATHS):
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if not origin or not ("*" in origins or origin in origins):
        return response
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = _METHODS
        wanted = request.headers.get("Access-Control-Request-Headers")
        headers["Access-Control-Allow-Headers"] = wanted or "authorization, content-type"
        headers["Access-Control-Max-Age"] = str(_MAX_AGE_S)
    return response
