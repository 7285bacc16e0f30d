"""A request as the gateway reads it: what is asked of each of them is found out once, and lazily.

Flask's proxies (`request`, `g`) look the request up anew at each use; code that every call runs
through asks `incoming()` once and works with what it gets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property, lru_cache
from os import urandom
from typing import Any, Final

from flask import Request, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.utils import get_host

from gateway.http.content_coding import decoded
from gateway.http.request_headers import RequestHeaders
from gateway.server.body import CrowdedOut
from shared.api_keys.principal import Principal
from shared.errors import TooManyWaiting

#: Most characters of a client's own name for its request.
_LONGEST_ID: Final = 128
#: Most characters looked at of the type of a body.
_LONGEST_TYPE: Final = 256


class IncomingRequest(Request):
    """One request."""

    #: Who calls, once that is known.
    principal: Principal | None = None
    #: The model that it asks and the job that it made, for the log.
    model: str = ""
    job_id: int = 0
    #: The group of its jobs, where it is one request of an array.
    group_id: str = ""

    def __init__(self, environ: dict[str, Any], *args: Any, **options: Any) -> None:
        super().__init__(environ, *args, **options)
        self.headers = RequestHeaders(environ)
        #: When it began (monotonic seconds).
        self.began_s = time.monotonic()

    @cached_property
    def request_id(self) -> str:
        """The client's own id of the request, or one made for it."""
        sent = self.headers.get("x-request-id", "")
        return sent if _is_tidy(sent) else f"req_{urandom(16).hex()}"

    @cached_property
    def host(self) -> str:
        """The host that the request was sent to. Raises SecurityError when that is none."""
        named = self.environ.get("HTTP_HOST")
        if not named or self.trusted_hosts:
            return super().host
        return _host(self.scheme, named)

    @property
    def mimetype(self) -> str:
        """The type of the body, without parameters, in lower case."""
        return _mimetype(self.environ.get("CONTENT_TYPE", "")[:_LONGEST_TYPE])

    @cached_property
    def body(self) -> bytes:
        """The whole body, decoded if it came compressed.

        Raises RequestEntityTooLarge, ClientDisconnected if it breaks off, TooManyWaiting if it had
        to make room, and what `decoded` does.
        """
        body = self._sent_body()
        if (codings := self.environ.get("HTTP_CONTENT_ENCODING")) is not None:
            body = decoded(body, codings, self.max_content_length)
        # Where Werkzeug looks for it, should the body be a form.
        self._cached_data = body
        return body

    def close(self) -> None:
        """Close uploaded files, if it was looked for any."""
        if "files" in self.__dict__:
            super().close()

    def _sent_body(self) -> bytes:
        """Return the body as it was sent."""
        length, limit = self.environ.get("CONTENT_LENGTH", ""), self.max_content_length
        if not length.isdecimal():
            return self._unmeasured_body(limit)
        size_bytes = int(length)
        if limit is not None and size_bytes > limit:
            raise RequestEntityTooLarge
        body = self._read(size_bytes)
        if len(body) < size_bytes:
            raise ClientDisconnected
        return body

    def _read(self, most_bytes: int) -> bytes:
        try:
            return self.environ["wsgi.input"].read(most_bytes)  # type: ignore[no-any-return]
        except CrowdedOut as exc:
            raise TooManyWaiting(
                "This gateway has as many large requests on their way as it takes; try again.",
                retry_after_s=1,
            ) from exc
        except OSError as exc:
            raise ClientDisconnected from exc

    def _unmeasured_body(self, limit: int | None) -> bytes:
        if not self.environ.get("wsgi.input_terminated"):
            # Then there is none.
            return self.get_data()
        body = self._read(-1 if limit is None else limit)
        if limit is not None and len(body) >= limit:
            raise RequestEntityTooLarge
        return body


#: Returns the request under way, itself. Each call asks some ten times.
incoming: Final[Callable[[], IncomingRequest]] = request._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001


@lru_cache(maxsize=256)
def _host(scheme: str, named: str) -> str:
    # It is the same one with nearly every request. The server bounds how long it is.
    return get_host(scheme, named)


@lru_cache(maxsize=256)
def _mimetype(content_type: str) -> str:
    return parse_options_header(content_type)[0].lower()


def _is_tidy(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_ID and name.isascii() and name.isprintable()
