"""Work on large texts, away from the event loop: others go on while it is done.

One thread does it, for Python runs one at a time anyway. What it does must come back to Python's
own code often enough, for only there it hands over: see `strict_json.parse`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from shared.native_threads import in_thread

T = TypeVar("T")

#: Up to here work is done at once: it takes some milliseconds (bytes).
LIGHT_BYTES: Final = 1024 * 1024


def away(size_bytes: int, work: Callable[[], T]) -> T:
    """Return what the work comes to; that on more than a megabyte is done in the thread."""
    if size_bytes <= LIGHT_BYTES:
        return work()
    return in_thread(work)
