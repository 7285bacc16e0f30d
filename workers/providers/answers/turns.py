"""Turns at the event loop, for work on what has been read: many small events at once."""

from __future__ import annotations

from time import monotonic

import gevent

from workers.providers.answers.head import SHARE_S


class Turns:
    """The turns of one stream."""

    __slots__ = ("_began_at",)

    def __init__(self) -> None:
        self._began_at = monotonic()

    def begin(self) -> None:
        """Begin a turn: something was waited for."""
        self._began_at = monotonic()

    def give_way(self) -> None:
        """Let others run if this turn has been long."""
        if monotonic() - self._began_at > SHARE_S:
            gevent.sleep(0)
            self._began_at = monotonic()
