"""An answer in JSON: bytes, their length and type, made without what other answers need."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Statuses whose answers have no body, of whose length nothing may be said.
_WITHOUT_BODY: Final = (204, 304)


class JsonResponse(Response):
    """Flask's response in all but how it is made and handed to the server."""

    def __init__(self, body: bytes | str | None, status: int = 200) -> None:
        """`body` is JSON already."""
        whole = body.encode() if isinstance(body, str) else body or b""
        headers = Headers()
        headers.add("Content-Type", "application/json")
        headers.add("Content-Length", str(len(whole)))
        self.headers = headers
        self.response = [whole]
        self.direct_passthrough = False
        self._on_close = []
        self._status, self._status_code = _status_line(status), status

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer."""
        if (
            self._on_close
            or environ["REQUEST_METHOD"] == "HEAD"
            or self.status_code in _WITHOUT_BODY
        ):
            return super().__call__(environ, start_response)
        start_response(self._status, list(self.headers))
        return cast("list[bytes]", self.response)


def nothing() -> Response:
    """Return an answer without a body, and without the type of one (RFC 9110, section 15.3.5)."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    return f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown').upper()}"
