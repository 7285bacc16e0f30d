"""Waiting for a condition, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: How often a condition is looked at (seconds).
_EVERY_S = 0.02


def until(
    look: Callable[[], T], what: str, *, within_s: float = 30, every_s: float = _EVERY_S
) -> T:
    """Return what `look` finds as soon as it finds something; fail after `within_s`."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(every_s)
    return found
