"""Passes a callback on to an application, and gives the application's answer back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import gevent
import requests

#: How long the application may take (seconds): longer than a sender waits.
_TIMEOUT_S: Final = 30.0
_BAD_GATEWAY: Final = 502
#: Headers of the connection, not of the callback.
_OF_CONNECTION: Final = frozenset(("connection", "content-length", "host", "transfer-encoding"))


class Forward:
    """Where callbacks are passed on to."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def url_of(self, target: str) -> str:
        """Return the URL for a callback that came to this path and query."""
        return self._base_url + target

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send the same bytes and headers; return the answer's status, 502 when there was none."""
        # The receiver's server shares one thread: a slow application must not hold up the others.
        status: int = gevent.get_hub().threadpool.apply(self._send, (method, url, headers, body))
        return status

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        own = {name: value for name, value in headers.items() if name not in _OF_CONNECTION}
        try:
            return self._session.request(
                method, url, headers=own, data=body, timeout=_TIMEOUT_S, allow_redirects=False
            ).status_code
        except requests.RequestException:
            return _BAD_GATEWAY
