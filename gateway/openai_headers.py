"""The headers that OpenAI gives every answer of its API."""

from __future__ import annotations

import time
from typing import Final

from flask import Response

from gateway.http.request import incoming

#: The version of OpenAI's API, which never had another.
_VERSION: Final = "2020-10-01"


def add_openai_headers(response: Response) -> Response:
    """Add what is not there to answers under /v1; of a stream the time is that to its beginning."""
    request = incoming()
    if request.path.startswith("/v1/"):
        if "openai-processing-ms" not in response.headers:
            took_ms = round((time.monotonic() - request.began_s) * 1000)
            response.headers.add("openai-processing-ms", str(took_ms))
        response.headers.add("openai-version", _VERSION)
    return response
