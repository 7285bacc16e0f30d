"""Waiting for a condition, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: How long what must happen may take before a test gives it up (seconds). On an idle machine it
#: takes a second or two; a test that passes never waits longer than it must.
PATIENCE_S = 120.0
#: How often a condition is looked at (seconds).
_EVERY_S = 0.02


def until(
    look: Callable[[], T], what: str, *, within_s: float = PATIENCE_S, every_s: float = _EVERY_S
) -> T:
    """Return what `look` finds as soon as it finds something; fail after `within_s`."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(every_s)
    return found


def quickest(measure: Callable[[], float], *, limit_s: float, tries: int = 5) -> float:
    """Return how long something took (seconds), measured until it is quick enough; else fail.

    A busy machine is slow now and then; a fault is slow each time.
    """
    took_s = [measure()]
    while took_s[-1] > limit_s and len(took_s) < tries:
        took_s.append(measure())
    assert took_s[-1] <= limit_s, f"took {took_s} s"
    return took_s[-1]
