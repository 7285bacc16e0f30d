"""Ends batches whose API key opens nothing any more: no further line begins, what runs may end."""

from __future__ import annotations

import logging

from shared.batches.batch import KEY_LOST, Batch, Status
from workers.batches.desk import Desk
from workers.batches.pace import Moved

log = logging.getLogger(__name__)


def stop(desk: Desk, before: Batch, batch: Batch, why: str, *, is_running: bool) -> Moved:
    """Let no line begin, and cancel the batch when none runs. Raises DatabaseUnavailable.

    `before` is what is kept of it, `batch` what is known now.
    """
    told = batch.with_problem(KEY_LOST, f"No more of it begins: {why}.")
    if told.errors != before.errors:
        log.warning("batch %s: stopped: %s", batch.id, why)
    if not is_running:
        desk.batches.save(told.at(Status.CANCELLING, desk.process.clock()))
        return Moved.MUCH
    if told != before:
        desk.batches.save(told)
    return Moved.NOTHING


def stop_at_once(desk: Desk, batch: Batch, why: str) -> None:
    """End one of which nothing has begun. Raises DatabaseUnavailable."""
    now_s = desk.process.clock()
    told = batch.with_problem(KEY_LOST, f"Nothing of it began: {why}.").at(Status.CANCELLING, now_s)
    desk.batches.save(told.at(Status.CANCELLED, now_s, to_tell=True))
