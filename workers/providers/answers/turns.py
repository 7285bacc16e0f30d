"""Fair shares of the event loop: whoever has worked for some milliseconds lets others go first."""

from __future__ import annotations

from time import monotonic
from typing import Final

from shared.turns import take_turn

#: How long a reader works before it lets others run (seconds): what an innocent call may wait for
#: at each of its steps, of which it has some ten.
SHARE_S: Final = 0.001


class Share:
    """What one stream, or one connection, has worked since it last waited. `who`: its provider."""

    __slots__ = ("_began_at", "_who")

    def __init__(self, who: str = "") -> None:
        self._who = who
        self._began_at = monotonic()

    def begin(self) -> None:
        """Begin anew: something was waited for."""
        self._began_at = monotonic()

    def give_way(self) -> None:
        """Let others run if this was long."""
        if monotonic() - self._began_at > SHARE_S:
            take_turn(self._who)
            self._began_at = monotonic()
