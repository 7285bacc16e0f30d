"""A request under which a kept connection breaks is sent once more, over a fresh one.

Whoever keeps connections open can be late: the other side closes one in the very moment in which it
is used again. That shows as a reset, as an end without an answer, or as TLS that is cut.
"""

from __future__ import annotations

import ssl
from time import monotonic
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

#: What breaks later was read and worked on, and may have cost something (seconds).
_SOON_S: Final = 2.0
#: In the place of a time to wait for a connection: one that was kept will not do.
_FRESH: Final[Any] = object()


class _Stale(Exception):
    """A connection that had served others broke before there was an answer."""


class _Repeating:
    """What is told of both kinds of pools."""

    def urlopen(self, *args: Any, **options: Any) -> Any:
        """Send the request, twice if need be; a body that comes in pieces is given anew."""
        pool: Any = super()
        try:
            return pool.urlopen(*args, **options)
        except _Stale:
            return pool.urlopen(*args, **{**options, "pool_timeout": _FRESH})

    def _get_conn(self, timeout: Any = None) -> Any:
        pool: Any = super()
        conn = pool._get_conn(None if timeout is _FRESH else timeout)  # noqa: SLF001
        if timeout is _FRESH:
            # It dials when it is used.
            conn.close()
        return conn

    def _make_request(self, conn: Any, *args: Any, **options: Any) -> Any:
        """Send over this connection. What fails while one is made is urllib3's own errors."""
        pool: Any = super()
        was_kept, began_s = conn.sock is not None and conn.has_served, monotonic()
        try:
            answer = pool._make_request(conn, *args, **options)  # noqa: SLF001
        except (ConnectionError, ssl.SSLError) as exc:
            if was_kept and monotonic() - began_s < _SOON_S:
                raise _Stale from exc
            if isinstance(exc, ssl.SSLEOFError | ssl.SSLZeroReturnError):
                # There was a connection, and it was dropped: nothing is wrong with its TLS.
                raise ConnectionResetError(str(exc)) from exc
            raise
        conn.has_served = True
        return answer


class Pool(_Repeating, HTTPConnectionPool):
    """Connections to one host."""


class TlsPool(_Repeating, HTTPSConnectionPool):
    """The same over TLS."""
