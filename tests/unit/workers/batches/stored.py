"""A batch that was accepted, as workers find it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.batches.batch import Batch, Status
from shared.batches.store import BatchStore
from tests.support.worker_deps import Deps


def stored_batch(
    deps: Deps, lines: Iterable[bytes], lasts_s: int, name: str = "batch_1", **more: Any
) -> Batch:
    """Return a batch of these lines, its file held, in the store; it lasts so long (seconds)."""
    file = deps.artifacts.receive(lines, owner="a", name="in.jsonl", purpose="batch")
    now_s = deps.clock()
    batch = Batch(
        id=name,
        owner="a",
        status=Status.VALIDATING,
        created=now_s,
        endpoint="/v1/chat/completions",
        input_file_id=file.id,
        expires_at=int(now_s) + lasts_s,
        **more,
    )
    deps.artifacts.hold(file.id, batch.id)
    BatchStore(deps.database).create(batch)
    return batch
