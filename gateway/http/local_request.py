"""Tells whether a request comes from this very machine, as far as that can be told."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Request

from shared.listen_address import is_loopback

#: What a request has that came through a proxy: its client may be anywhere (RFC 7239; RFC 9110,
#: section 7.6.3; and what was there before them).
_PROXIED: Final = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def is_local(request: Request) -> bool:
    """Whether a client on this machine asks, under a name of this machine, through no proxy."""
    return (
        is_loopback(request.remote_addr or "")
        and is_loopback(urlsplit(f"//{request.host}").hostname or "")
        and not any(name in request.headers for name in _PROXIED)
    )


def is_local_page(request: Request) -> bool:
    """Whether a page of ours on this machine asks: not one that a name was bent to us for."""
    return is_local(request) and request.headers.get("Sec-Fetch-Site") in (None, "same-origin")
