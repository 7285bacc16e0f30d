"""What the steps of a batch work with."""

from __future__ import annotations

from dataclasses import dataclass

from shared.batches.announcements import Announcements
from shared.batches.store import BatchStore
from shared.history.reader import HistoryReader
from shared.ledger.job_store import JobStore
from workers.deps import Deps


@dataclass(frozen=True)
class Desk:
    """The stores, and the process's own things. `jobs` may give ids, as the gateway does."""

    deps: Deps
    batches: BatchStore
    jobs: JobStore
    history: HistoryReader
    announcements: Announcements


def desk_of(deps: Deps) -> Desk:
    """Return one on these dependencies."""
    return Desk(
        deps=deps,
        batches=BatchStore(deps.database),
        jobs=JobStore(deps.redis, deps.settings, known_id=deps.history.last_id),
        history=HistoryReader(deps.database),
        announcements=Announcements(deps.redis),
    )
