"""Tells whether the client of a request is still there, while it waits for its answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from gateway.server.environment import CONNECTION

#: A look costs a system call; asked more often than this, the client counts as there (seconds).
_EVERY_S: Final = 0.4


def client_left(environ: dict[str, Any]) -> Callable[[], bool]:
    """Return a look at the request's connection: True once the client is gone.

    Without our server (tests), nobody leaves.
    """
    connection = environ.get(CONNECTION)
    if connection is None:
        return lambda: False
    last_look = time.monotonic()

    def look() -> bool:
        nonlocal last_look
        now = time.monotonic()
        if now - last_look < _EVERY_S:
            return False
        last_look = now
        left: bool = connection.client_left()
        return left

    return look
