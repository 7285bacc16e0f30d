"""Looks at the whole input file of a batch before any of it runs."""

from __future__ import annotations

from dataclasses import replace

from shared.batches.batch import Batch, Status
from shared.batches.lines import Checked, check
from workers.batches.desk import Desk
from workers.batches.stopping import stop_at_once
from workers.heavy import away


def validate(desk: Desk, batch: Batch) -> None:
    """Let the batch go on with its lines, or fail with what is wrong with them."""
    if lost := desk.keys.why(batch.key_id):
        stop_at_once(desk, batch, lost)
        return
    artifacts, now_s = desk.artifacts, desk.process.clock()
    file = artifacts.find(batch.input_file_id)
    if file is None:
        checked = Checked(batch.endpoint)
        checked.wrong("input_file_not_found", "The input file is not there any more.", None)
    else:
        empty = Checked(batch.endpoint, desk.process.settings.max_json_values, away)
        checked = check(empty, artifacts.read(file), desk.rest)
    if checked.errors:
        failed = batch.at(Status.FAILED, now_s, errors=tuple(checked.errors), to_tell=True)
        desk.batches.save(failed)
        return
    begun = batch.at(Status.IN_PROGRESS, now_s)
    desk.batches.begin(replace(begun, total=len(checked.lines)), checked.lines)
