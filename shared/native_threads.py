"""Runs work that does not yield in native threads, so that it does not stop other greenlets.

SQLite waits for the disk inside C: in a process that gevent has patched, such work goes to a pool
of `NativeThreads`; elsewhere it simply runs. Work in Python goes to the one thread of its event
loop (`in_thread`), for Python runs one at a time anyway.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, TypeVar

T = TypeVar("T")

_THREADS: Final = 4
#: After so long work in Python hands over to the loop (seconds); Python's own is 5 ms.
_SWITCH_S: Final = 0.0002

#: Whether this is a thread of a pool: what it calls in turn it does itself.
_is_beside: ContextVar[bool] = ContextVar("is_beside", default=False)
#: The thread of each event loop.
_single: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


class TookTooLong(Exception):
    """The work did not end in the time given; it may go on in its thread."""


def is_patched() -> bool:
    """Whether this process runs under gevent."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("socket"))


def with_limit(work: Callable[[], T], timeout_s: float) -> T:
    """Call `work` here; under gevent, break it off after so many seconds. Raises TookTooLong."""
    if not is_patched():
        return work()
    import gevent  # noqa: PLC0415 - only a process that runs on it needs it

    with gevent.Timeout(timeout_s, TookTooLong):
        return work()


class NativeThreads:
    """A small pool of native threads, made when first needed: after every fork.

    Work that calls for a thread itself goes on in the one that it has.
    """

    def __init__(self) -> None:
        self._pool: Any = None

    def call(self, work: Callable[[], T], timeout_s: float) -> T:
        """Return what `work` returns, or raise what it raises. Raises TookTooLong."""
        if _is_beside.get() or not is_patched():
            return work()
        return outcome_of(*with_limit(lambda: self._spawn(work).get(), timeout_s))  # type: ignore[no-any-return]

    def _spawn(self, work: Callable[[], T]) -> Any:
        if self._pool is None:
            from gevent.threadpool import ThreadPool  # noqa: PLC0415

            self._pool = ThreadPool(_THREADS)
        return self._pool.spawn(_caught_beside, work)


def hand_over_soon() -> None:
    """From now on threads of this process that work in Python soon let its loop go on."""
    sys.setswitchinterval(_SWITCH_S)


def in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises, done in this event loop's thread."""
    from gevent import get_hub  # noqa: PLC0415 - only a process that runs on it needs it
    from gevent.threadpool import ThreadPool  # noqa: PLC0415

    hub = get_hub()
    pool = _single.get(hub)
    if pool is None:
        hand_over_soon()
        pool = _single[hub] = ThreadPool(1, hub=hub)
    return outcome_of(*pool.apply(_caught, (work,)))  # type: ignore[no-any-return]


def outcome_of(result: Any, error: Exception | None) -> Any:
    """Return the result, or raise the error."""
    if error is not None:
        raise error
    return result


def _caught(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """Return the error instead of raising it: gevent would print what leaves a native thread."""
    try:
        return work(), None
    except Exception as exc:
        return None, exc


def _caught_beside(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    token = _is_beside.set(True)
    try:
        return _caught(work)
    finally:
        _is_beside.reset(token)
