"""Sends one POST to a receiver, within hard limits, and tells what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, Final

import gevent

from shared.errors import CallbackTargetRefused
from shared.security.targets import TargetPolicy
from shared.settings import Settings
from workers.callbacks.connections import Connection, Connections, tls_context
from workers.callbacks.dialing import Dialer, Limits
from workers.callbacks.outcome import CallbackAnswer, ErrorClass, answer_of_error
from workers.callbacks.resolving import Lookup, NameNotResolved, system_lookup
from workers.retry_after import parse_retry_after_s

#: What is read of an answer (bytes), and what of it is kept for the log (bytes).
RESPONSE_BYTES: Final = 16 * 1024
HEAD_BYTES: Final = 1024
#: How long is read once the status is known (seconds): it is only for the log.
_READ_ON_S: Final = 2.0


class Sender:
    """Posts callbacks. Whatever happens is an answer, not an error."""

    def __init__(
        self,
        policy: TargetPolicy,
        limits: Limits,
        lookup: Lookup = system_lookup,
        context: Any = None,
    ) -> None:
        self._policy = policy
        self._limits = limits
        dialer = Dialer(policy, limits, lookup)
        self._connections = Connections(dialer, limits, context or tls_context())

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], owner: str = ""
    ) -> CallbackAnswer:
        """POST the body to the URL exactly as given. `owner`: whose callback it is."""
        try:
            target = self._policy.check(url)
        except CallbackTargetRefused as exc:
            return answer_of_error(exc, "", connected=False)
        until = time.monotonic() + self._limits.total_s
        kept = self._connections.kept(target)
        if kept is not None:
            answer = self._post(kept, target.path, body, headers, until)
            # The receiver may have closed a kept connection just now, without reading from it. If
            # it did read: the id in the headers tells it that this is the same callback. What is
            # wrong with its TLS, beside the end of an old connection, a new one will show.
            if answer.error not in (ErrorClass.RESET, ErrorClass.TLS):
                return answer
        connection = self._connections.new(target)
        connection.owner = owner
        return self._post(connection, target.path, body, headers, until)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.close()

    def _post(
        self,
        connection: Connection,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        until: float,
    ) -> CallbackAnswer:
        limit = gevent.Timeout(max(0.0, until - time.monotonic()))
        ended = False
        try:
            with limit:
                response = connection.post(path, body, headers)
            answer, ended = _answer(response, connection.ip, until - time.monotonic())
        except gevent.Timeout as expired:
            if expired is not limit:
                raise
            return self._timed_out(connection)
        except (CallbackTargetRefused, NameNotResolved, OSError, HTTPException) as exc:
            return answer_of_error(exc, connection.ip, connected=connection.sock is not None)
        finally:
            if ended:
                self._connections.keep(connection)
            else:
                connection.close()
        return answer

    def _timed_out(self, connection: Connection) -> CallbackAnswer:
        error = ErrorClass.TIMEOUT if connection.sock else ErrorClass.CONNECT_TIMEOUT
        return CallbackAnswer(
            error=str(error),
            detail=f"no answer within {self._limits.total_s:g} s",
            timed_out=True,
            ip=connection.ip,
        )


def sender_of(settings: Settings) -> Sender:
    """Return the sender that an operator's settings ask for."""
    limits = Limits(
        dns_s=settings.callback_dns_timeout_s,
        connect_s=settings.callback_connect_timeout_s,
        read_s=settings.callback_read_timeout_s,
        total_s=settings.callback_timeout_s,
    )
    return Sender(settings.callback_targets, limits)


def _answer(response: HTTPResponse, ip: str, left_s: float) -> tuple[CallbackAnswer, bool]:
    """Return the answer, and whether it was read to its end, so that another can follow it.

    The status counts from the moment it is there, whatever becomes of the body: a receiver that
    said 200 has the callback.
    """
    with response:
        head = _head(response, max(0.0, min(left_s, _READ_ON_S)))
        answer = CallbackAnswer(
            status=response.status,
            abort=response.headers.get("webhook-delivery", "").strip() == "abort-message",
            retry_after_s=parse_retry_after_s(response.headers.get("retry-after")),
            head=head[:HEAD_BYTES].decode("utf-8", "replace"),
            ip=ip,
        )
        return answer, response.isclosed() or response.length == 0


def _head(response: HTTPResponse, within_s: float) -> bytes:
    """Read what the log keeps, as it is (not decompressed)."""
    parts: list[bytes] = []
    left = RESPONSE_BYTES
    try:
        with gevent.Timeout(within_s, exception=False):
            while left > 0 and (part := response.read1(left)):
                parts.append(part)
                left -= len(part)
    except (OSError, HTTPException):
        pass
    return b"".join(parts)
