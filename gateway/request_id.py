"""The id of the request under way: the client's own, or one made for it."""

from __future__ import annotations

from gateway.http.request import incoming


def request_id() -> str:
    """Return the id, the same one all through a request."""
    return incoming().request_id
