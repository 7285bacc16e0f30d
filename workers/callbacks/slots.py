"""Keeps some of a worker's slots for receivers that answer in time.

A receiver that hangs holds a slot for as long as an attempt may take; one that answers, for
milliseconds. So receivers that are not proven together get a share of the slots at most: however
many of them hang, those that answer find a slot at once.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

#: Share of the slots that receivers which are not proven may hold.
_UNPROVEN_SHARE: Final = 0.8


class Slots:
    """Counts the slots of one process that attempts at unproven receivers hold."""

    def __init__(self, slots: int) -> None:
        self._left = max(1, int(slots * _UNPROVEN_SHARE))

    def take(self) -> Slot:
        """Return a slot for an attempt whose receiver is not known yet."""
        return Slot(self)

    def reserve(self) -> bool:
        """Hold one of the share, if there is one left."""
        if self._left <= 0:
            return False
        self._left -= 1
        return True

    def give_back(self) -> None:
        """End what `reserve` began."""
        self._left += 1


class Slot:
    """One attempt's slot. `may_be_unproven` says whether there was one left for such a receiver."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.may_be_unproven = False

    def __enter__(self) -> Slot:
        self.may_be_unproven = self._slots.reserve()
        return self

    def is_proven(self) -> None:
        """Leave the share: the receiver is one that answers."""
        if self.may_be_unproven:
            self.may_be_unproven = False
            self._slots.give_back()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_proven()
