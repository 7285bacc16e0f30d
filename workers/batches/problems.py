"""Tells in a batch why it does not go on, where its owner looks: in its `errors`."""

from __future__ import annotations

import logging
from typing import Final

from shared.batches.batch import Batch
from shared.errors import ServiceError, StorageQuotaExceeded
from workers.batches.desk import Desk

log = logging.getLogger(__name__)

#: The codes of what passes by itself: nothing has room for it now, or its work fails each time.
WAITING: Final = "waiting"
_NO_PROGRESS: Final = "no_progress"


def tell_no_room(desk: Desk, batch: Batch, error: StorageQuotaExceeded) -> None:
    """Say why its files are not written yet."""
    told = batch.with_problem(error.code or "", error.message)
    if told is not batch:
        log.warning("batch %s: no room for its files: %s", batch.id, error.message)
        desk.batches.save(told)


def tell_waiting(desk: Desk, batch: Batch, why: str) -> None:
    """Say what it waits for that has nothing in the queues."""
    if any(row.get("code") == WAITING for row in batch.errors):
        # Why may change each time, such as when there will be room.
        return
    log.info("batch %s: waits: %s", batch.id, why)
    desk.batches.save(batch.with_problem(WAITING, f"It waits: {why}"))


def tell_no_progress(desk: Desk, batch_id: str, told: str) -> None:
    """Say what fails each time it is tried. Raises DatabaseUnavailable."""
    batch = desk.batches.find(batch_id, None)
    if batch is not None and batch.is_readable and not batch.status.is_final:
        changed = batch.with_problem(_NO_PROGRESS, told)
        if changed is not batch:
            desk.batches.save(changed)


def failing(error: Exception) -> str:
    """Return what its owner is told of an error that nobody has foreseen."""
    said = error.message if isinstance(error, ServiceError) else type(error).__name__
    return f"It makes no progress and is tried again: {said}"


def tell_progress(desk: Desk, batch_id: str) -> None:
    """Take back that its work fails. Raises DatabaseUnavailable."""
    batch = desk.batches.find(batch_id, None)
    if batch is not None and not batch.status.is_final:
        changed = batch.without_problem(_NO_PROGRESS)
        if changed is not batch:
            desk.batches.save(changed)
