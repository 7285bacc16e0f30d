"""A batch as a row of its table."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from sqlalchemy import ColumnElement, or_

from shared.batches.batch import ACTIVE, Batch, Status
from shared.batches.tables import batches

_b: Final = batches.c
#: Ends the state of a batch whose end is still to be told.
_TO_TELL: Final = "+"
#: The states of batches that somebody has to do with at once, as the column has them.
BUSY: Final = (
    *(str(one) for one in ACTIVE if one is not Status.IN_PROGRESS),
    *(f"{one}{_TO_TELL}" for one in Status if one.is_final),
)


def columns_of(batch: Batch) -> dict[str, Any]:
    """Return the columns that change."""
    marked = f"{batch.status}{_TO_TELL if batch.to_tell else ''}"
    return {"status": marked, "document": batch.to_document()}


def batch_of(row: Any) -> Batch:
    """Read a row. One that nobody can read keeps no other from being read."""
    text = row.status.removesuffix(_TO_TELL)
    is_known = text in set(Status)
    columns = {
        "id": row.id,
        "owner": row.owner,
        "status": Status(text) if is_known else Status.FAILED,
        "to_tell": row.status.endswith(_TO_TELL),
        "created": row.created_us / 1_000_000,
        "version": row.version,
    }
    with suppress(ValueError, TypeError, AttributeError):
        if is_known:
            return Batch.from_document(row.document, **columns)
    return Batch.unreadable(**columns)


def is_behind(one: Batch) -> ColumnElement[bool]:
    """Return what is true of the batches that were made after this one."""
    created_us = round(one.created * 1_000_000)
    tied = (_b.created_us == created_us) & (_b.id > one.id)
    return or_(_b.created_us > created_us, tied)
