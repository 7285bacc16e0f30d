"""Tells the client of a key that has limits what is left of them, with every answer."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from flask import Response
from redis.exceptions import RedisError

from gateway.http.request import incoming
from gateway.services import services
from shared.api_keys.limits import headers


def add_limit_headers(response: Response) -> Response:
    """Add `x-ratelimit-…`, as they stand now that the answer is there."""
    principal = incoming().principal
    if principal is None or principal.limits is None:
        return response
    # With a 503 the ledger is away: asking it again would keep the client waiting once more.
    if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        with suppress(RedisError):
            taken = services().auth.key_store.taken(principal.key_id)
            response.headers.update(headers(principal.limits, taken))
    return response
