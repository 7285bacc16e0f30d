"""Keeps a share of a chat worker's slots for interactive calls.

A person never waits behind a nightly batch: when queued and bulk jobs have taken all slots but the
kept ones, the worker takes interactive messages only, until one of them ends. And their jobs give
way to a call at each of their steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from shared.queues import names as task_names
from workers.chat.bulk_pace import BulkPace
from workers.chat.giving_way import GivingWay

#: So many bulk jobs wait for their beginning beside calls at most. When half of them have begun a
#: poll is ended, and the next ones are taken.
_MOST_WAITING: Final = 16


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
        #: Bulk jobs that wait for their beginning, and whether no more of them are taken.
        self._waiting = 0
        self._leaves_bulk = False
        #: Whether the last poll serves queued jobs.
        self._serves_queued = True
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
            self._wait_to_begin()
        self.give_way(priority)

    def give_way(self, priority: int) -> None:
        """Let interactive calls go first for a moment; jobs of other priorities wait."""
        if priority != task_names.INTERACTIVE:
            self._way.give_way()

    def served(self, priorities: Sequence[int], pending: int = 0) -> Sequence[int]:
        """Return those of the priorities whose messages the worker may take now.

        `pending` counts messages that were taken and whose tasks have not started.
        """
        served = priorities
        if self._open_slots is not None and self._taken + pending >= self._open_slots:
            served = [priority for priority in priorities if priority == task_names.INTERACTIVE]
        elif self._leaves_bulk:
            served = [priority for priority in priorities if priority != task_names.BULK]
        self._serves_queued = task_names.QUEUED in served
        return served

    def tell_of_bulk(self) -> None:
        """Say that other jobs are to be left where they are than before."""
        if self.on_bulk is not None:
            self.on_bulk()

    def _wait_to_begin(self) -> None:
        self._waiting += 1
        self._leaves_bulk = self._leaves_bulk or self._waiting >= _MOST_WAITING
        try:
            self._pace.wait()
        finally:
            self._waiting -= 1
            if self._leaves_bulk and self._waiting <= _MOST_WAITING // 2:
                self._leaves_bulk = False
                self._tell_of_room()

    def _tell_of_room(self) -> None:
        has_room = self._open_slots is None or self._taken < self._open_slots
        lacks_bulk_alone = self._leaves_bulk and self._serves_queued
        if has_room and not lacks_bulk_alone and self.on_room is not None:
            self.on_room()
