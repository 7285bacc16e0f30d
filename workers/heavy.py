"""Work on large texts, away from the event loop: others go on while it is done.

One thread does it, for Python runs one at a time anyway. What it does must come back to Python's
own code often enough, for only there it hands over: see `strict_json.parse`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from gevent import get_hub
from gevent.threadpool import ThreadPool

T = TypeVar("T")

#: Up to here work is done at once: it takes some milliseconds (bytes).
LIGHT_BYTES: Final = 1024 * 1024

_pools: dict[Any, Any] = {}


def away(size_bytes: int, work: Callable[[], T]) -> T:
    """Return what the work comes to; that on more than a megabyte is done in the thread."""
    if size_bytes <= LIGHT_BYTES:
        return work()
    result, error = _pool().apply(_outcome, (work,))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def _pool() -> Any:
    """Return the thread of this event loop."""
    hub = get_hub()
    if hub not in _pools:
        _pools.clear()
        _pools[hub] = ThreadPool(1, hub=hub)
    return _pools[hub]


def _outcome(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    # As a value: gevent prints the traceback of what its threads raise.
    try:
        return work(), None
    except Exception as exc:
        return None, exc
