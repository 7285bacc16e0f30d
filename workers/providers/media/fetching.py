"""Fetches a picture that an answer only names, before its provider forgets it.

A provider's own place is asked as the provider is, with its key. Any other place must be one of the
public internet, whatever private networks providers may be in: an answer is no reason to look at
what is near the worker. What is fetched must be a picture.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from requests import Session

from shared.egress.way_out import Egress
from shared.errors import ServiceError
from shared.media.result import Kept
from shared.security.provider_places import ProviderPlaces
from workers.providers import http
from workers.providers.answers.body import pieces
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.connections import Adapter
from workers.providers.media.wholeness import whole_picture

log = logging.getLogger(__name__)

_LONGEST_S: Final = 60.0
_SCHEMES: Final = ("http", "https")
_PUBLIC: Final = ProviderPlaces(allow_private=False)


def fetched(session: Session, call: ProviderCall, url: str) -> Kept | None:
    """Keep the picture at a URL; None, and a line in the log, when that cannot be."""
    try:
        url = http.as_dialled(url)
        is_own = _origin(url) == _origin(str(call.provider.base_url))
        if urlsplit(url).scheme not in _SCHEMES or call.desk is None:
            return None
        if is_own:
            return _kept(session, call, url, call.provider.key_headers(call.api_key))
        if _PUBLIC.problem_of_url(url):
            return None
        return _kept(_strangers(), as_stranger(call), url, ())
    except (ProviderError, ServiceError, ValueError) as exc:
        log.warning("provider '%s': its picture was not fetched: %s", call.provider.name, exc)
        return None


def _kept(session: Session, call: ProviderCall, url: str, headers: http.Pairs) -> Kept:
    call = replace(call, timeout_s=min(call.timeout_s, _LONGEST_S))
    target = http.Target(url, (("Accept", "image/*"), *headers), method="GET")
    assert call.desk is not None  # noqa: S101 - `fetched` has looked
    with http.answered(session, call, target, b"") as response:
        said = response.headers.get("Content-Type")
        return call.desk.keep(whole_picture(call, pieces(call, response)), media_type=said)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def as_stranger(call: ProviderCall) -> ProviderCall:
    """Return a call without what only the provider's own place may know."""
    egress = Egress({**call.egress.options, "cert": None})
    return replace(call, headers=(), query=(), api_key=None, egress=egress)


@cache
def _strangers() -> Session:
    """Return connections to places of the public internet alone."""
    session = Session()
    session.trust_env = False
    for scheme in _SCHEMES:
        session.mount(f"{scheme}://", Adapter(_PUBLIC, pool_connections=10, pool_maxsize=10))
    return session
