"""The headers that OpenAI gives every answer of its API."""

from __future__ import annotations

import time
from typing import Final

from flask import Flask, Response, g, request

#: The version of OpenAI's API, which never had another.
_VERSION: Final = "2020-10-01"


def register(app: Flask) -> None:
    """Give these headers to all answers under /v1."""
    app.before_request(_begin)
    app.after_request(_add)


def _begin() -> None:
    g.began = time.monotonic()


def _add(response: Response) -> Response:
    """Add what is not there; of a stream the time is that to its beginning."""
    if request.path.startswith("/v1/"):
        took_ms = round((time.monotonic() - g.began) * 1000) if "began" in g else 0
        response.headers.setdefault("openai-processing-ms", str(took_ms))
        response.headers["openai-version"] = _VERSION
    return response
