"""What a server tells of the requests in its own queue, and how much bulk work that lets begin.

Pure. A metrics page is somebody else's word: whatever it says, no work stands still for ever.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

#: Most lines about the gauges that are read, and characters of one; more is no number of requests.
_ROWS: Final = 1000
_LONGEST: Final = 2000
_MOST_WAITING: Final = 1_000_000

#: How many calls of bulk work a process begins between two readings at first, and most.
FIRST: Final = 4
MOST: Final = 10_000
#: What is left of that when requests had to wait; and what is added while they do not, as shares.
#: Until they first had to wait it is doubled.
_LESS: Final = 0.7
_MORE: Final = 0.1
#: Who has said for so long that requests wait (ms) gets a call between two readings all the same:
#: it may be wrong, and a call a second harms nobody.
PATIENCE_MS: Final = 60_000
#: Readings that are not there until it is known that nobody reads: they are looked for 4 times a
#: second, and a provider that was added is read within one.
_MISSED: Final = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. Times are unix milliseconds of the process that did.

    `waiting`: requests in the server's queue; `since_ms`: since when there were some each time (0:
    there are none). `problem`: why that is not known, empty where it is.
    """

    at_ms: int
    waiting: int = 0
    since_ms: int = 0
    problem: str = ""


def told(now_ms: int, waiting: int, before: Reading | None) -> Reading:
    """Return the reading of so many requests that wait, behind the one before."""
    since_ms = before.since_ms if before and before.waiting else 0
    return Reading(now_ms, waiting, (since_ms or now_ms) if waiting else 0)


def waiting_in(page: bytes, names: Sequence[str]) -> int:
    """Return how many requests wait by these gauges, all their labels together.

    Raises ValueError, saying why, for a page that does not tell.
    """
    rows = [row.decode("utf-8", "replace") for row in islice(_found(page, tuple(names)), _ROWS)]
    if not rows:
        raise ValueError("its page has none of the gauges")
    return math.ceil(sum(map(_value, rows)))


def _found(page: bytes, names: tuple[str, ...]) -> Sequence[bytes]:
    # A page has thousands of lines; the library reads those that are wanted.
    found: list[bytes] = _line_of(names).findall(page)
    return found


@lru_cache(maxsize=100)
def _line_of(names: tuple[str, ...]) -> re.Pattern[bytes]:
    either = "|".join(map(re.escape, names))
    return re.compile(rf"^(?:{either})(?=[ \t{{])[^\r\n]{{0,{_LONGEST}}}".encode(), re.MULTILINE)


def _value(row: str) -> float:
    try:
        [family] = text_string_to_metric_families(f"{row}\n")
        [sample] = family.samples
    except ValueError:
        raise ValueError("its page is no text of Prometheus") from None
    if not 0 <= sample.value <= _MOST_WAITING:
        raise ValueError(f"its {sample.name} is {sample.value:g}")
    return float(sample.value)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many calls of bulk work a process may begin until the next reading."""

    most: int = FIRST
    left: int = FIRST
    #: Requests wait; and whether any ever did.
    is_held: bool = False
    is_known: bool = False
    #: The reading that said so, and how many have been missed since.
    at_ms: int = 0
    missed: int = 0

    def begun(self, number: int) -> Pace:
        """Return what is left when so many more have begun."""
        return replace(self, left=self.left - number)


def paced(before: Pace, reading: Reading | None) -> Pace:
    """Return the pace after a look for the last reading."""
    if reading is None:
        missed = before.missed + 1
        return replace(before, missed=missed, left=MOST if missed >= _MISSED else before.left)
    if reading.at_ms == before.at_ms:
        return replace(before, missed=0)
    pace = replace(before, at_ms=reading.at_ms, missed=0)
    if reading.problem:
        return replace(pace, left=MOST, is_held=False)
    return _held(pace, reading) if reading.waiting else _open(pace)


def _held(before: Pace, reading: Reading) -> Pace:
    most = before.most if before.is_held else max(1, int(before.most * _LESS))
    left = int(reading.at_ms - reading.since_ms >= PATIENCE_MS)
    return replace(before, most=most, left=left, is_held=True, is_known=True)


def _open(before: Pace) -> Pace:
    most = before.most
    if before.left <= 0 and not before.is_held:
        more = max(1, int(most * _MORE)) if before.is_known else most
        most = min(MOST, most + more)
    return replace(before, most=most, left=most, is_held=False)
