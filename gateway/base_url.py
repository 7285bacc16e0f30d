"""Tells the URL under which clients reach this gateway."""

from __future__ import annotations

from flask import request

from shared.settings import Settings


def base_url(settings: Settings) -> str:
    """Return the base URL: as set, else as this request was addressed."""
    return (settings.base_url or f"{request.scheme}://{request.host}").rstrip("/")
