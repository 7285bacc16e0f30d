"""Reads and shows the rows of a list; one that cannot be is left out, not the list."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


def rows_of(found: Iterable[T], show: Callable[[T], R]) -> list[R]:
    """Return each as it is read or shown, without those that cannot be, of which the log tells.

    An older version, or another hand, may have left what nothing of ours would write today.
    """
    rows = []
    for one in found:
        try:
            rows.append(show(one))
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
            which = getattr(one, "id", "without an id")
            log.exception("%s %s cannot be shown, and is left out", type(one).__name__, which)
    return rows
