"""The id of the request under way: the client's own, or one made for it."""

from __future__ import annotations

import secrets
from typing import cast

from flask import g, request

_LONGEST = 128


def request_id() -> str:
    """Return the id, the same one all through a request."""
    if "request_id" not in g:
        sent = request.headers.get("x-request-id", "")
        g.request_id = sent if _is_tidy(sent) else f"req_{secrets.token_hex(16)}"
    return cast("str", g.request_id)


def _is_tidy(name: str) -> bool:
    return 0 < len(name) <= _LONGEST and name.isascii() and name.isprintable()
