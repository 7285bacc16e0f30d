"""Asks a provider's server for something small; nothing it says holds the gateway up.

The workers call providers. What the gateway itself wants to know of one is read as carefully: so
many bytes, in so much time, and others have their turns in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import gevent
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from shared.egress.answer_head import AnswerHead
from shared.egress.judged import Judged, pool_classes
from shared.security.provider_places import ProviderPlaces

#: Longest wait for the whole answer (seconds), and the most that is read of it (bytes).
_TIMEOUT_S: Final = 5.0
_MOST_BYTES: Final = 2 * 1024 * 1024
_PIECE_BYTES: Final = 65_536


class _Connection(Judged, HTTPConnection):
    response_class = AnswerHead


class _TlsConnection(Judged, HTTPSConnection):
    response_class = AnswerHead


class _Adapter(HTTPAdapter):
    def __init__(self, places: ProviderPlaces) -> None:
        self._classes = pool_classes(
            places, (HTTPConnectionPool, _Connection), (HTTPSConnectionPool, _TlsConnection)
        )
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._classes
        return manager


def asked(
    url: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    places: ProviderPlaces,
    options: Mapping[str, Any],
) -> bytes:
    """Return the body of the answer to a GET; `options` are those of the way out.

    Raises requests.RequestException for no answer in time, and for one that is too large or tells
    an error.
    """
    with (
        requests.Session() as session,
        # The library's own limit is one of each wait: who sends a byte now and then is never late.
        gevent.Timeout(_TIMEOUT_S, requests.ReadTimeout("it did not answer in time")),
    ):
        # No .netrc: a provider's settings say all that is sent to it.
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(places))
        with session.get(
            url,
            # A few bytes of what is compressed may be gigabytes.
            headers={"Accept-Encoding": "identity", **headers},
            params=dict(query),
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            stream=True,
            **options,
        ) as response:
            # A redirect is for the operator to follow, never for a key.
            if response.status_code != HTTPStatus.OK:
                raise requests.HTTPError(f"it answered {response.status_code}")
            return _body(response)


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    try:
        for piece in response.raw.stream(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > _MOST_BYTES:
                raise requests.ConnectionError("its answer is too large")
    except HTTPError as exc:
        raise requests.ConnectionError("its answer broke off") from exc
    return bytes(body)
