"""Answers to what is no request: the one error body, without the application."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from shared.errors import Failure
from shared.jobs.job import failure_body

_CODES: Final = {408: "request_timeout", 414: "uri_too_long", 431: "headers_too_large"}


def refusal(status: int, why: str) -> bytes:
    """Return the whole answer, which is its connection's last."""
    body = failure_body(_failure(status, why))
    head = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(("Retry-After: 1",) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()),
        "Connection: close",
    ]
    return "\r\n".join((*head, "", "")).encode() + body


def _failure(status: int, why: str) -> Failure:
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Failure(status, "server_error", "too_many_connections", why, "ServiceUnavailable")
    code = _CODES.get(status, "bad_request")
    return Failure(status, "invalid_request_error", code, why, "ArgumentException")
