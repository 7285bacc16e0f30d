"""Lists batches with how far they are, for the pages."""

from __future__ import annotations

import time

from flask import Blueprint

from gateway.http.routes import Call, route
from shared.batches.batch import Batch, Status
from shared.batches.store import BatchStore
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.bulk.groups import BatchRow, QueryBatches, QueryBatchesResponse

blueprint = Blueprint("batch_rows", __name__)


@route(blueprint, catalog.QUERY_BATCHES)
def find(call: Call[QueryBatches]) -> QueryBatchesResponse:
    """List the caller's batches; who looks after all sees everybody's."""
    asked, principal = call.request, call.principal
    whose = None if principal.sees_all else principal.owner
    found, total = BatchStore(call.services.database).every(whose, asked.skip, asked.take)
    return QueryBatchesResponse(
        offset=asked.skip, total=total, results=[_row(one) for one in found]
    )


def _row(batch: Batch) -> BatchRow:
    return BatchRow(
        id=batch.id,
        status=batch.status,
        problem=str(batch.errors[0].get("message", "")) if batch.errors else None,
        endpoint=batch.endpoint,
        total=batch.total,
        completed=batch.completed,
        failed=batch.failed,
        eta_secs=eta_s(batch, batch.completed + batch.failed, time.time()),
        output_file_id=batch.output_file_id or None,
        error_file_id=batch.error_file_id or None,
        created_by=batch.owner,
        created_date=iso_date(round(batch.created * 1000)),
    )


def eta_s(batch: Batch, ended: int, now_s: float) -> int | None:
    """Return how long it will go on as it has gone so far; None when nobody can know."""
    begun = batch.times.get(Status.IN_PROGRESS.value)
    left = batch.total - ended
    if batch.status is not Status.IN_PROGRESS or begun is None or not ended or left <= 0:
        return None
    return round((now_s - begun) * left / ended)
