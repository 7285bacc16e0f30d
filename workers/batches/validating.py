"""Looks at the whole input file of a batch before any of it runs, some of it at a time.

How far it has come is known in this process alone: where it dies, another one begins anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from shared.batches.batch import Batch, Status
from shared.batches.lines import Checked, check
from workers.batches.desk import Desk
from workers.batches.pace import Moved
from workers.batches.stopping import stop_at_once
from workers.heavy import away

#: Most files that are looked at in turns: what is known of each takes some megabytes. And how long
#: one keeps its place when nobody asks for it (seconds): its batch was cancelled.
_MOST: Final = 8
_IDLE_S: Final = 120.0


class Validation:
    """The files that this process is looking at, by their batches."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        #: What was found so far, and when it was looked at last (monotonic seconds).
        self._open: dict[str, tuple[Checked, float]] = {}

    def forget(self) -> None:
        """Leave all to another process."""
        self._open.clear()

    def move(self, batch: Batch) -> Moved:
        """Look at some more; at the end let the batch go on with its lines, or fail."""
        if lost := self._desk.keys.of(batch.key_id).lost:
            self._open.pop(batch.id, None)
            stop_at_once(self._desk, batch, lost)
            return Moved.MUCH
        checked = self._found(batch)
        if checked is None:
            return Moved.NOTHING
        if self._is_whole(batch, checked):
            self._open.pop(batch.id, None)
            _end(self._desk, batch, checked)
        else:
            self._open[batch.id] = checked, self._desk.process.monotonic()
        return Moved.MUCH

    def _found(self, batch: Batch) -> Checked | None:
        """Return what is known of its file; None when others are to be done with theirs first."""
        if batch.id in self._open:
            return self._open[batch.id][0]
        long_ago_s = self._desk.process.monotonic() - _IDLE_S
        for name in [name for name, (_, at_s) in self._open.items() if at_s < long_ago_s]:
            del self._open[name]
        if len(self._open) >= _MOST:
            return None
        return Checked(batch.endpoint, self._desk.process.settings.max_json_values, away)

    def _is_whole(self, batch: Batch, checked: Checked) -> bool:
        desk = self._desk
        file = desk.artifacts.find(batch.input_file_id)
        if file is None:
            told = "The input file is not there any more."
            checked.wrong("input_file_not_found", told, None)
            return True
        return check(checked, desk.artifacts.read(file, checked.at), desk.rest).is_whole


def _end(desk: Desk, batch: Batch, checked: Checked) -> None:
    now_s = desk.process.clock()
    if checked.errors:
        failed = batch.at(Status.FAILED, now_s, errors=tuple(checked.errors), to_tell=True)
        desk.batches.save(failed)
        return
    begun = batch.at(Status.IN_PROGRESS, now_s)
    desk.batches.begin(replace(begun, total=len(checked.lines)), checked.lines)
