"""What stands in a cell of a table that people open in a spreadsheet. Pure."""

from __future__ import annotations

from typing import Final

#: What makes a spreadsheet take a text for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> object:
    """Return what a cell says; a text that a spreadsheet would run is quoted."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
