"""How often a process looks for garbage, and where it does not look."""

from __future__ import annotations

import gc
from typing import Final

#: How many objects more than before are made until the youngest are collected.
_OBJECTS_A_COLLECTION: Final = 10_000


def spare_collections() -> None:
    """Let full collections pass over what the process has loaded, which stays as long as it does.

    They would go through all of it each time, and stop the process for 60 to 110 ms. And look for
    garbage less often than every 700 objects: hundreds of calls and a batch for the history are
    alive at once, and are not garbage. Nearly all that is, goes without a collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_A_COLLECTION, *gc.get_threshold()[1:])
