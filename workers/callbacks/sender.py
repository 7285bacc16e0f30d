"""Sends one POST to a receiver, within hard limits, and tells what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import gevent
import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from shared.callback_target import check_target
from shared.errors import CallbackTargetRefused
from workers.callbacks.schedule import CallbackAnswer
from workers.retry_after import retry_after_s

CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 15.0
#: Of one attempt over all, however slowly bytes come in (seconds).
TOTAL_TIMEOUT_S: Final = 20.0
#: What is read of an answer (bytes).
RESPONSE_BYTES: Final = 16 * 1024


def callback_session(*, allow_private: bool) -> requests.Session:
    """Return a session that dials private addresses only if allowed, and never a proxy."""
    session = requests.Session()
    session.trust_env = False
    if allow_private:
        session.mount("http://", HTTPAdapter(pool_maxsize=100))
        session.mount("https://", HTTPAdapter(pool_maxsize=100))
    else:
        # Resolves once, judges that address and dials it: a name cannot change in between.
        session.mount("http://", IPFilterAdapter(is_https_proto=False))
        session.mount("https://", IPFilterAdapter(is_https_proto=True))
    return session


def post(
    session: requests.Session,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
) -> CallbackAnswer:
    """POST the body to the URL exactly as given; whatever happens is an answer, not an error."""
    limit = gevent.Timeout(TOTAL_TIMEOUT_S)
    try:
        with limit:
            check_target(url, allow_private=allow_private)
            return _post(session, url, body, headers)
    except gevent.Timeout as expired:
        if expired is not limit:
            raise
        return CallbackAnswer(error=f"no answer within {TOTAL_TIMEOUT_S:g} s", timed_out=True)
    except (CallbackTargetRefused, InvalidIPAddress) as exc:
        return CallbackAnswer(error=f"address refused: {exc}", refused=True)
    except requests.Timeout as exc:
        return CallbackAnswer(error=type(exc).__name__, timed_out=True)
    except requests.RequestException as exc:
        return CallbackAnswer(error=f"{type(exc).__name__}: {exc}")


def _post(
    session: requests.Session, url: str, body: bytes, headers: Mapping[str, str]
) -> CallbackAnswer:
    with session.post(
        url,
        data=body,
        headers=dict(headers),
        timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
        allow_redirects=False,
        stream=True,
    ) as response:
        head: bytes = response.raw.read(RESPONSE_BYTES, decode_content=False)
        return CallbackAnswer(
            status=response.status_code,
            abort=response.headers.get("webhook-delivery", "") == "abort-message",
            retry_after_s=retry_after_s(response),
            head=head[:1024].decode("utf-8", "replace"),
        )
