"""Calls a provider without asking a model: such a call costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import requests

from shared.providers.provider import Provider
from workers.providers.access import Access
from workers.providers.no_connection import why


@contextmanager
def answered(
    access: Access, session: requests.Session, provider: Provider, url: str, timeout_s: float
) -> Iterator[requests.Response]:
    """Give the answer to a GET. All of it, its body too, is read within so many seconds.

    Raises ProviderError when our side of the way is not usable, and requests.RequestException.
    """
    # The library's own limit is one of each wait: who sends a byte now and then is never late.
    with gevent.Timeout(timeout_s, requests.ReadTimeout("it did not answer in time")):
        response = session.get(
            url,
            headers=_headers(access, provider),
            params=dict(access.query(provider)),
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


def _headers(access: Access, provider: Provider) -> dict[str, str]:
    version = {"anthropic-version": "2023-06-01"} if provider.type == "anthropic" else {}
    own = access.headers(provider)
    return {**version, **dict(provider.key_headers(access.key(provider))), **dict(own)}
