"""Compares how long an innocent client's calls take alone and beside a hostile peer.

The machine is busy with other things too: so both are measured in alternation, and what counts is
their ratio in the best of some rounds. A busy machine is slow now and then; a fault is slow each
time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

#: By how much the innocent one may be slower at the 95th percentile.
MOST: Final = 3.0
_ROUNDS: Final = 5
#: Calls in each half of a round; a half ends early once it has taken so long (seconds).
_CALLS: Final = 24
_HALF_S: Final = 10.0


@dataclass
class Comparison:
    """What was measured (seconds a call): alone over all rounds, beside the peer by round."""

    alone_s: list[float] = field(default_factory=list)
    beside_s: list[list[float]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The best round's 95th percentile beside the peer, by that of all calls alone."""
        return min(map(p95, self.beside_s)) / p95(self.alone_s)

    def __str__(self) -> str:
        beside = ", ".join(f"{p95(took_s) * 1000:.1f}" for took_s in self.beside_s)
        return f"p95 alone {p95(self.alone_s) * 1000:.1f} ms, beside {beside} ms: {self.ratio:.2f}"


def p95(took_s: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(took_s)[(len(took_s) * 95 - 1) // 100]


def compare(
    call: Callable[[], object], peer: Callable[[], AbstractContextManager[object]]
) -> Comparison:
    """Measure the call alone and beside the peer, in up to so many rounds; fail if it suffers.

    The call raises when its answer is wrong: beside a peer it must be as right as alone.
    """
    found = Comparison()
    _measure(call, calls=5)
    for _ in range(_ROUNDS):
        found.alone_s += _measure(call)
        with peer():
            found.beside_s.append(_measure(call))
        if found.ratio <= MOST:
            return found
    raise AssertionError(f"an innocent client suffers: {found}")


def _measure(call: Callable[[], object], calls: int = _CALLS) -> list[float]:
    took_s: list[float] = []
    end = time.monotonic() + _HALF_S
    while len(took_s) < calls and time.monotonic() < end:
        began = time.perf_counter()
        call()
        took_s.append(time.perf_counter() - began)
    return took_s
