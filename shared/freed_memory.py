"""What is freed goes back to the machine, whatever sizes came before."""

from __future__ import annotations

import ctypes
from typing import Final

#: glibc's `mallopt`, https://man7.org/linux/man-pages/man3/mallopt.3.html
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

#: Blocks of this size are the machine's own as soon as they are freed (bytes).
_LARGE: Final = 1024 * 1024
#: Python runs in one thread at a time: more heaps are more holes.
_HEAPS: Final = 2


def give_back_freed() -> None:
    """Have large blocks mapped one by one; processes that are forked inherit it.

    Else glibc keeps them in its heap once it has seen some, and each heap is as long as what still
    stands at its end: a worker that has read answers of 60 MB would keep hundreds. Where the C
    library is another nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_ARENA_MAX, _HEAPS)
