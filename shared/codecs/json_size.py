"""Tells whether a JSON text has more values than somebody will read, without reading it."""

from __future__ import annotations

import re
from typing import Final

# A string, or one of the signs of which each begins or separates values.
_next_part = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,\[{]', re.DOTALL).finditer
_SLICE_BYTES: Final = 1024 * 1024
#: An object counts as so many values: it takes as much longer to read.
_OBJECT: Final = 4
_WEIGHTS: Final = {ord(","): 1, ord("["): 1, ord("{"): _OBJECT}


def most_values(raw: bytes) -> int:
    """Return how many values the text has at most: signs in strings count as well. Quick."""
    return 1 + _count(raw, b",") + _count(raw, b"[") + _OBJECT * _count(raw, b"{")


def _count(raw: bytes, sign: bytes) -> int:
    """Count it, by the megabyte: in between others may run."""
    if len(raw) <= _SLICE_BYTES:
        return raw.count(sign)
    starts = range(0, len(raw), _SLICE_BYTES)
    return sum(raw.count(sign, start, start + _SLICE_BYTES) for start in starts)


def has_more_values(raw: bytes, limit: int) -> bool:
    """Whether the text has more values than this; it is read only so far.

    Names of members count as nothing.
    """
    if most_values(raw) <= limit:
        return False
    found = 1
    for part in _next_part(raw):
        found += _WEIGHTS.get(raw[part.start()], 0)
        if found > limit:
            return True
    return False
