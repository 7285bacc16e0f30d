"""Keeps a share of a chat worker's slots for interactive calls.

A person never waits behind a nightly batch: when queued and bulk jobs have taken all slots but the
kept ones, the worker takes interactive messages only, until one of them ends. And their jobs give
way to a call at each of their steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from shared.queues import names as task_names
from workers.chat.bulk_pace import BulkPace
from workers.chat.giving_way import GivingWay


def kept_slots(concurrency: int, share: float) -> int:
    """Return how many slots are kept: the share, at least one, and never all."""
    if share <= 0:
        return 0
    return min(max(1, round(concurrency * share)), concurrency - 1)


class Lanes:
    """Counts the slots that are taken by jobs which are not interactive."""

    def __init__(
        self,
        open_slots: int | None = None,
        way: GivingWay | None = None,
        pace: BulkPace | None = None,
    ) -> None:
        #: Slots that jobs other than interactive ones may take; None for no limit.
        self._open_slots = open_slots
        self._taken = 0
        #: Called when there may be room again for jobs that are not interactive.
        self.on_room: Callable[[], None] | None = None
        self._way = way or GivingWay()
        self._pace = pace or BulkPace()
        #: Names the queues whose bulk jobs are left where they are.
        self.without_bulk: Callable[[], Collection[str]] = tuple
        #: Names those of which interactive jobs alone are taken.
        self.without_queued: Callable[[], Collection[str]] = tuple
        #: Called when these are others than before.
        self.on_bulk: Callable[[], None] | None = None

    @contextmanager
    def taken(self, priority: int) -> Iterator[None]:
        """Count a slot as taken while the block runs, unless the job is interactive."""
        weight = int(priority != task_names.INTERACTIVE)
        self._taken += weight
        if not weight:
            self._way.begin()
            self._pace.call_came()
            # While it was pending it counted as any other.
            self._tell_of_room()
        try:
            yield
        finally:
            self._taken -= weight
            if weight:
                self._tell_of_room()
            else:
                self._way.end()

    def begin(self, priority: int) -> None:
        """Wait until a job of this priority may begin."""
        if priority == task_names.BULK:
            self._pace.wait()
        self.give_way(priority)

    def give_way(self, priority: int) -> None:
        """Let interactive calls go first for a moment; jobs of other priorities wait."""
        if priority != task_names.INTERACTIVE:
            self._way.give_way()

    def served(self, priorities: Sequence[int], pending: int = 0) -> Sequence[int]:
        """Return those of the priorities whose messages the worker may take now.

        `pending` counts messages that were taken and whose tasks have not started.
        """
        if self._open_slots is None or self._taken + pending < self._open_slots:
            return priorities
        return [priority for priority in priorities if priority == task_names.INTERACTIVE]

    def tell_of_bulk(self) -> None:
        """Say that other jobs are to be left where they are than before."""
        if self.on_bulk is not None:
            self.on_bulk()

    def _tell_of_room(self) -> None:
        has_room = self._open_slots is None or self._taken < self._open_slots
        if has_room and self.on_room is not None:
            self.on_room()
