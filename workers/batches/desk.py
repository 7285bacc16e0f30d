"""What the steps of a batch work with."""

from __future__ import annotations

from dataclasses import dataclass

from shared.artifacts.artifacts import Artifacts
from shared.batches.announcements import Announcements
from shared.batches.line_jobs import LineJobs
from shared.batches.store import BatchStore
from shared.database.database import Database
from shared.history.reader import HistoryReader
from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.ledger.job_store import JobStore
from shared.providers.provider import Registry
from workers.process import Process


@dataclass(frozen=True, slots=True)
class Desk:
    """The stores, and who serves which model. `jobs` may give ids, as the gateway does."""

    process: Process
    registry: Registry
    artifacts: Artifacts
    batches: BatchStore
    jobs: JobStore
    line_jobs: LineJobs
    unstored: Unstored
    history: HistoryReader
    announcements: Announcements


def desk_of(
    process: Process,
    registry: Registry,
    database: Database,
    artifacts: Artifacts,
    unstored: Unstored,
) -> Desk:
    """Return one of this process, on this database."""
    last_id = HistoryWriter(database).last_id
    return Desk(
        process=process,
        registry=registry,
        artifacts=artifacts,
        batches=BatchStore(database),
        jobs=JobStore(process.redis, process.settings, known_id=last_id),
        line_jobs=LineJobs(process.redis),
        unstored=unstored,
        history=HistoryReader(database),
        announcements=Announcements(process.redis),
    )
