"""What came of one POST to a receiver: an answer, or the error that prevented one. Pure."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from typing import Final

from shared.errors import CallbackTargetRefused
from workers.callbacks.resolving import NameNotResolved


class ErrorClass(StrEnum):
    """Short names of what went wrong; the log keeps them, so they stay."""

    POLICY = "policy"
    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"


#: Most characters of an error in words: a line of the receiver's may be in it, whole as it came.
_MOST_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What came of one POST: an HTTP status, or the class of the error that prevented one."""

    status: int | None = None
    error: str = ""
    #: The error in words.
    detail: str = ""
    timed_out: bool = False
    abort: bool = False
    retry_after_s: float | None = None
    head: str = ""
    #: The address dialled; empty when none was.
    ip: str = ""


def answer_of_error(exc: Exception, ip: str, *, connected: bool) -> CallbackAnswer:
    """Return what an error of the POST means. `connected`: whether there was a connection."""
    error = class_of_error(exc, connected=connected)
    timed_out = error in (ErrorClass.TIMEOUT, ErrorClass.CONNECT_TIMEOUT)
    timed_out = timed_out or (isinstance(exc, NameNotResolved) and exc.timed_out)
    return CallbackAnswer(error=str(error), detail=_words(exc), timed_out=timed_out, ip=ip)


def _words(exc: Exception) -> str:
    words = str(exc) or type(exc).__name__
    return words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}…"


def class_of_error(exc: Exception, *, connected: bool) -> ErrorClass:
    """Name the error of a POST."""
    if isinstance(exc, TimeoutError):
        return ErrorClass.TIMEOUT if connected else ErrorClass.CONNECT_TIMEOUT
    if connected and isinstance(exc, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        # It hung up over TLS, whose handshake had gone well.
        return ErrorClass.RESET
    return next(known for kind, known in _CLASSES if isinstance(exc, kind))


#: The first that fits: some of these are special cases of others below.
_CLASSES: Final[tuple[tuple[type[Exception], ErrorClass], ...]] = (
    (CallbackTargetRefused, ErrorClass.POLICY),
    (NameNotResolved, ErrorClass.DNS),
    (ssl.SSLError, ErrorClass.TLS),
    # `RemoteDisconnected` among them: the receiver closed without an answer.
    (ConnectionResetError, ErrorClass.RESET),
    (ConnectionAbortedError, ErrorClass.RESET),
    (BrokenPipeError, ErrorClass.RESET),
    (ConnectionRefusedError, ErrorClass.REFUSED),
    (HTTPException, ErrorClass.PROTOCOL),
    (Exception, ErrorClass.UNREACHABLE),
)
