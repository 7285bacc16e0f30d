"""Waiting for a condition, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: How long what must happen may take before a test gives it up (seconds). On an idle machine it
#: takes a second or two; a test that passes never waits longer than it must.
PATIENCE_S = 120.0
#: How long it is until the next look at a condition (seconds), and what part of the time waited so
#: far: what is looked at has much to do meanwhile, and a look is often a request.
_SOONEST_S, _LATEST_S = 0.02, 0.1
_PART_OF_WAIT = 0.05
#: How long a machine may be busy with something else (seconds).
_BUSY_S = 90.0


def until(
    look: Callable[[], T], what: str, *, within_s: float = PATIENCE_S, every_s: float | None = None
) -> T:
    """Return what `look` finds as soon as it finds something; fail after `within_s`.

    `every_s` is for those who have to look more or less often than a patient one does.
    """
    began = time.monotonic()
    while not (found := look()):
        waited_s = time.monotonic() - began
        if waited_s > within_s:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(_pause_s(waited_s) if every_s is None else every_s)
    return found


def _pause_s(waited_s: float) -> float:
    return min(max(_SOONEST_S, waited_s * _PART_OF_WAIT), _LATEST_S)


def quickest(measure: Callable[[], float], *, limit_s: float, tries: int = 5) -> float:
    """Return how long something took (seconds), measured until it is quick enough; else fail.

    A busy machine is slow now and then, for a minute at a time; a fault is slow each time.
    """
    began, took_s = time.monotonic(), [measure()]
    while took_s[-1] > limit_s and (len(took_s) < tries or time.monotonic() - began < _BUSY_S):
        took_s.append(measure())
    assert took_s[-1] <= limit_s, f"took {took_s} s"
    return took_s[-1]
