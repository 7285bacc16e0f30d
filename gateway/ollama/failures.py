"""A failure as Ollama's clients read it: `error` is a text there."""

from __future__ import annotations

import json

from flask import Response

from shared.codecs.json_bytes import to_json_bytes


def in_ollamas_words(told: Response) -> Response:
    """Return the answer; a failure tells its message where Ollama does."""
    if told.status_code < 400 or told.mimetype != "application/json":  # noqa: PLR2004
        return told
    body = json.loads(told.get_data())
    told.set_data(to_json_bytes({**body, "error": body["error"]["message"]}))
    return told
