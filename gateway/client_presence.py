"""Tells whether the client of a request is still there, while it waits for its answer."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Any, Final

from gevent.monkey import get_original

#: A look costs a system call; asked more often than this, the client counts as there (seconds).
_EVERY_S: Final = 0.4


def client_left(environ: dict[str, Any]) -> Callable[[], bool]:
    """Return a look at the request's connection: True once the client has closed its end.

    gevent's server reads the request from a file of that connection; without one (tests), nobody
    leaves.
    """
    file = getattr(environ["wsgi.input"], "rfile", None)
    if file is None:
        return lambda: False
    last_look = time.monotonic()

    def look() -> bool:
        nonlocal last_look
        now = time.monotonic()
        if now - last_look < _EVERY_S:
            return False
        last_look = now
        return _is_hung_up(file.fileno())

    return look


def _is_hung_up(descriptor: int) -> bool:
    # The one that gevent has not patched: it is asked without waiting, and knows this event.
    poll = get_original("select", "poll")()
    poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))
