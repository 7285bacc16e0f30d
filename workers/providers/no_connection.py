"""Says why a provider could not be reached, where its operator can do something about it."""

from __future__ import annotations

import ssl
from http.client import BadStatusLine, RemoteDisconnected
from typing import Final

from requests import RequestException
from requests.exceptions import ProxyError, SSLError

#: How many errors may have caused one another.
_DEEPEST: Final = 10


def why(error: RequestException) -> str:
    """Return the reason for the end of a sentence; empty where there is nothing to add."""
    if isinstance(error, ProxyError):
        return f" through its proxy{_told(error)}"
    if isinstance(error, SSLError):
        return f" over TLS{_told(error)}"
    innermost = _innermost(error)
    # Both were reached: at another port, or without the TLS that they speak.
    if isinstance(innermost, RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return ": it closed the connection without an answer"
    if isinstance(innermost, BadStatusLine):
        return ": what it answers is no HTTP"
    return (
        f": {innermost.strerror}" if isinstance(innermost, OSError) and innermost.strerror else ""
    )


def _told(error: BaseException) -> str:
    innermost = _innermost(error)
    if isinstance(innermost, ssl.SSLCertVerificationError):
        return f": {innermost.verify_message}"
    text = innermost.strerror if isinstance(innermost, OSError) else None
    # Of a line that a proxy has said, what is fit for a log.
    said = "".join(filter(str.isprintable, str(text or innermost)))[:200]
    return f": {said}" if said else ""


def _innermost(error: BaseException) -> BaseException:
    """Return the first cause, as urllib3 and requests wrap it."""
    for _ in range(_DEEPEST):
        inner = getattr(error, "reason", None) or getattr(error, "original_error", None)
        if not isinstance(inner, BaseException):
            inner = error.__cause__ or next(
                (one for one in error.args if isinstance(one, BaseException)), None
            )
        if inner is None:
            break
        error = inner
    return error
