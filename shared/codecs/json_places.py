"""Where in a JSON text that thing stands which the parser refused, and the error that says so."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from shared.errors import MalformedJson

# One string, bracket, number or constant. Each alternative reads on to its end and never goes back.
_next_part = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|-?(?:NaN|Infinity)'
    r"|-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?",
    re.DOTALL,
).finditer


def malformed(text: str, at: int, why: str) -> MalformedJson:
    """Return the error that says why, with the line and column of that place in the text."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return MalformedJson(f"The body is not valid JSON: {why} (line {line}, column {column}).")


def constant(text: str) -> MalformedJson:
    """Return the error for the first NaN or Infinity, which Python reads and JSON does not have."""
    at = _find(text, lambda part: part.endswith(("NaN", "Infinity")))
    return malformed(text, at, "it has no NaN and no Infinity")


def too_deep(text: str, limit: int) -> MalformedJson:
    """Return the error for the first bracket below that many levels."""
    depth = 0

    def exceeds(part: str) -> bool:
        nonlocal depth
        depth += (part in "[{") - (part in "]}")
        return depth > limit

    return malformed(text, _find(text, exceeds), f"it is nested deeper than {limit} levels")


def too_many_digits(text: str) -> MalformedJson:
    """Return the error for the first integer that is longer than Python reads."""
    limit = sys.get_int_max_str_digits()

    def exceeds(part: str) -> bool:
        digits = part.removeprefix("-")
        return len(digits) > limit and digits.isascii() and digits.isdecimal()

    return malformed(text, _find(text, exceeds), f"an integer has more than {limit} digits")


def _find(text: str, wanted: Callable[[str], bool]) -> int:
    """Return the place of the first such part outside strings: the C parser does not tell it."""
    parts = (part for part in _next_part(text) if part[0][0] != '"')
    return next((part.start() for part in parts if wanted(part[0])), 0)
