"""Runs blocking C code so that it does not stop gevent's other greenlets.

SQLite waits for the disk inside C. In a process that gevent has patched, that work goes to native
threads of this module's own; elsewhere it simply runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

_THREADS: Final = 4


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
    """A small pool of native threads, made when first needed: after every fork."""

    def __init__(self) -> None:
        self._pool: Any = None

    def call(self, work: Callable[[], T], timeout_s: float) -> T:
        """Return what `work` returns, or raise what it raises. Raises TookTooLong."""
        if not is_patched():
            return work()
        error, value = with_limit(lambda: self._spawn(work).get(), timeout_s)
        if error is not None:
            raise error
        result: T = value
        return result

    def _spawn(self, work: Callable[[], T]) -> Any:
        if self._pool is None:
            from gevent.threadpool import ThreadPool  # noqa: PLC0415

            self._pool = ThreadPool(_THREADS)
        return self._pool.spawn(_caught, work)


def _caught(work: Callable[[], T]) -> tuple[Exception | None, T | None]:
    """Return the error instead of raising it: gevent would print what leaves a native thread."""
    try:
        return None, work()
    except Exception as exc:
        return exc, None
