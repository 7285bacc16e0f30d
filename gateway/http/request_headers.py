"""The headers of a request, looked up where the server has put them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from werkzeug.datastructures import EnvironHeaders


class RequestHeaders(EnvironHeaders):
    """Headers whose absence is no exception inside, and whose names are worked out once.

    Werkzeug's `get` costs 2 µs for a header that is not there, and most are not.
    """

    def get(  # type: ignore[override]
        self,
        key: str,
        default: Any = None,
        type: Any = None,  # noqa: A002
    ) -> Any:
        """Return the header, in whatever casing it is named."""
        if type is not None:
            return super().get(key, default, type)
        return self.environ.get(environ_name(key), default)


@lru_cache(maxsize=256)
def environ_name(name: str) -> str:
    """Return what WSGI calls a header."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
