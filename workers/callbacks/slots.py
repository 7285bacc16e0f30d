"""Keeps some of a worker's slots for receivers that answer in time.

A receiver that hangs holds a slot for as long as an attempt may take; one that answers, for
milliseconds. So receivers that are not proven together get a share of the slots at most: however
many of them hang, those that answer find a slot at once. And that share is shared by the owners:
whatever an owner's receivers do, a new one of somebody else finds a slot.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from types import TracebackType
from typing import Final

from workers.callbacks.shares import Shares

#: Share of the slots that receivers which are not proven may hold.
_UNPROVEN_SHARE: Final = 0.8


#: Claims at once that may find out whose they are: each may be one too many of its owner.
_CLAIMS: Final = 8
#: Owns a slot until it is known who does.
_NOBODY: Final = ""


class Slots:
    """Counts the slots of one process that attempts at unproven receivers hold."""

    def __init__(self, slots: int) -> None:
        self.shares = Shares(max(1, int(slots * _UNPROVEN_SHARE)))
        self.claiming = BoundedSemaphore(_CLAIMS)

    def take(self) -> Slot:
        """Return a slot for an attempt whose receiver is not known yet."""
        return Slot(self)

    def reserve(self) -> bool:
        """Hold one of the share, if there is one left."""
        if self.shares.free <= 0:
            return False
        self.shares.take(_NOBODY)
        return True


class Slot:
    """One attempt's slot. `may_be_unproven` says whether there was one left for such a receiver."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._owner = _NOBODY
        self.may_be_unproven = False

    def __enter__(self) -> Slot:
        self.may_be_unproven = self._slots.reserve()
        return self

    @property
    def full_owners(self) -> tuple[str, ...]:
        """The owners that have all slots they may have for unproven receivers."""
        return tuple(owner for owner in self._slots.shares.full() if owner != _NOBODY)

    def belongs_to(self, owner: str) -> None:
        """Note whose receiver it is for, which is not proven."""
        if self.may_be_unproven:
            self._slots.shares.give_back(self._owner)
            self._owner = owner
            self._slots.shares.take(owner)

    def is_proven(self) -> None:
        """Leave the share: the receiver is one that answers."""
        if self.may_be_unproven:
            self.may_be_unproven = False
            self._slots.shares.give_back(self._owner)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_proven()
