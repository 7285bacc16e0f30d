"""Requests to stop: each one ends what was started, however many come, and whenever they come."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_on_signals() -> None:
    """Let each of them end this program as Ctrl-C does: what it started is ended first.

    Ctrl-C too: a shell that starts a program in the background lets it ignore that.
    """
    for number in _SIGNALS:
        signal.signal(number, lambda *_: sys.exit(1))


@contextmanager
def held_back() -> Iterator[None]:
    """Let requests to stop wait until the block is done, then act on the last that came."""
    if threading.current_thread() is not threading.main_thread():
        # Signals are the main thread's: none comes in between here.
        yield
        return
    came: list[int] = []
    before = {n: signal.signal(n, lambda number, _: came.append(number)) for n in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[-1])
