"""Calls a provider without asking a model: such a call costs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import gevent
import requests

from shared.providers.provider import Provider
from workers.providers.access import Access
from workers.providers.no_connection import why

_PLAIN: Final[Mapping[str, str]] = {"Accept-Encoding": "identity"}


@contextmanager
def answered(
    access: Access,
    session: requests.Session,
    provider: Provider,
    url: str,
    timeout_s: float,
    *,
    is_plain: bool = False,
) -> Iterator[requests.Response]:
    """Give the answer to a GET. All of it, its body too, is read within so many seconds.

    `is_plain`: what is no part of its API is asked as bytes that are not compressed, and is told
    the key where it is at the same server alone.

    Raises ProviderError when our side of the way is not usable, and requests.RequestException.
    """
    is_told = not is_plain or _origin(url) == _origin(str(provider.base_url))
    headers = _headers(access, provider) if is_told else {}
    # The library's own limit is one of each wait: who sends a byte now and then is never late.
    with gevent.Timeout(timeout_s, requests.ReadTimeout("it did not answer in time")):
        response = session.get(
            url,
            headers={**headers, **(_PLAIN if is_plain else {})},
            params=dict(access.query(provider)) if is_told else {},
            timeout=timeout_s,
            allow_redirects=False,
            stream=True,
            **access.egress(provider, url).options,
        )
        try:
            yield response
        finally:
            response.close()


def unreached(error: requests.RequestException) -> str:
    """Say why there was no answer; nothing of an address is in it."""
    return f"it could not be reached{why(error) or f' ({type(error).__name__})'}"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _headers(access: Access, provider: Provider) -> dict[str, str]:
    version = {"anthropic-version": "2023-06-01"} if provider.type == "anthropic" else {}
    own = access.headers(provider)
    return {**version, **dict(provider.key_headers(access.key(provider))), **dict(own)}
