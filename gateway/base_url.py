"""Tells the URL under which clients reach this gateway."""

from __future__ import annotations

from gateway.http.request import incoming
from shared.settings import Settings


def base_url(settings: Settings) -> str:
    """Return the base URL: as set, else as this request was addressed."""
    if settings.base_url:
        return settings.base_url.rstrip("/")
    request = incoming()
    return f"{request.scheme}://{request.host}".rstrip("/")
