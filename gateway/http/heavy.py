"""Work on heavy bodies, away from the event loop: others go on while it is done.

It is done in one thread, for Python runs one at a time; they hand over every 0.2 ms. Each
caller has one such work at a time, so that nobody fills the line.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any, Final, TypeVar

from gevent import get_hub
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from shared.codecs.json_size import has_more_values, most_values
from shared.errors import TooManyValues

T = TypeVar("T")

#: Up to here a body is read at once: a millisecond or two.
_LIGHT_BYTES: Final = 524_288
_LIGHT_VALUES: Final = 2_000
#: After so long a thread hands over to one that waits (seconds); Python's own is 5 ms.
_SWITCH_S: Final = 0.0002

_pools: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
_turns: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def is_light(raw: bytes | str) -> bool:
    """Whether work on this JSON text takes no time worth a thread."""
    if len(raw) > _LIGHT_BYTES:
        return False
    text = raw.encode() if isinstance(raw, str) and len(raw) > _LIGHT_VALUES else raw
    return len(text) <= _LIGHT_VALUES or most_values(text) <= _LIGHT_VALUES  # type: ignore[arg-type]


def read(parse: Callable[[bytes], T], raw: bytes, *, limit: int, caller: str) -> T:
    """Return what the body is. Raises TooManyValues, and what `parse` raises."""
    if is_light(raw):
        return parse(raw)

    def whole() -> T:
        if has_more_values(raw, limit):
            raise TooManyValues(
                f"The body has more than the {limit:,} JSON values that this gateway reads; "
                "send less at once."
            )
        return parse(raw)

    return away(whole, caller)


def away(work: Callable[[], T], caller: str) -> T:
    """Return what the work comes to, done in the thread. Raises what it raises."""
    turn = _turns.get(caller)
    if turn is None:
        turn = _turns[caller] = BoundedSemaphore()
    with turn:
        result, error = _pool().apply(_outcome, (work,))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def _pool() -> Any:
    """Return the thread of this event loop."""
    hub = get_hub()
    pool = _pools.get(hub)
    if pool is None:
        sys.setswitchinterval(_SWITCH_S)
        pool = _pools[hub] = ThreadPool(1, hub=hub)
    return pool


def _outcome(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    # As a value: gevent prints the traceback of what its threads raise.
    try:
        return work(), None
    except Exception as exc:
        return None, exc
