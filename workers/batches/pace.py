"""How soon batches are looked at again: when much has moved, their jobs may soon be over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Final

#: What is much of the jobs that a batch may have in the queues: a fourth of them. The queues could
#: run dry before somebody who rests is back.
_MUCH: Final = 4
#: The pause otherwise (seconds): what ends meanwhile shares round trips and transactions.
_PAUSE_S: Final = 0.2
#: The shortest one, in which others of this process have their turn (seconds).
_TURN_S: Final = 0.001


class Moved(IntEnum):
    """How far a step has brought a batch."""

    #: Only time, or a provider that has a batch of its own, will.
    NOTHING_SOON = 0
    NOTHING = 1
    SOMETHING = 2
    MUCH = 3


def moved(lines: int, share: int) -> Moved:
    """Return what it is when so many lines went on, of a batch that may have so many jobs."""
    if lines * _MUCH >= share:
        return Moved.MUCH
    return Moved.SOMETHING if lines else Moved.NOTHING


def pause_s(steps: Collection[Moved]) -> float:
    """Return the pause after a step of each batch (seconds)."""
    return _TURN_S if Moved.MUCH in steps else _PAUSE_S
