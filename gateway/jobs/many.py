"""Queues many jobs again, page by page, whatever becomes of single ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from shared.codecs.place import Place
from shared.errors import OwnerBytesFull, RateLimitExceeded

#: How often it is looked behind rows of which none can be queued again: they are on their way, or
#: their requests are not kept.
_PAGES: Final = 10

T = TypeVar("T")


@dataclass(slots=True)
class Again:
    """How many were looked at and are on their way; where it goes on, unless it is at its end."""

    after: Place | None
    matched: int = 0
    retried: int = 0


def queue_again(
    page: Callable[[Place], Sequence[tuple[Place, T]]],
    retry: Callable[[T], bool],
    *,
    after: Place,
    take: int,
) -> Again:
    """Queue again what a page has behind a place; of later pages, if none of it could be.

    It ends where the limits of the caller do, and goes on there when it is called again.
    """
    done = Again(after)
    for _ in range(_PAGES):
        rows = page(after)
        done.matched += len(rows)
        before = done.retried
        for place, row in rows:
            try:
                done.retried += retry(row)
            except OwnerBytesFull:
                pass  # Other rows may be of other owners, or smaller.
            except RateLimitExceeded:
                return done
            done.after = after = place
        if len(rows) < take:
            done.after = None
            return done
        if done.retried > before:
            break
    return done
