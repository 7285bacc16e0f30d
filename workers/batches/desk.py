"""What the steps of a batch work with."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import gevent
from requests import Session

from shared.artifacts.artifacts import Artifacts
from shared.batches.announcements import Announcements
from shared.batches.line_jobs import LineJobs
from shared.batches.parts import PartStore
from shared.batches.store import BatchStore
from shared.database.database import Database
from shared.history.reader import HistoryReader
from shared.history.writer import HistoryWriter
from shared.ledger.job_store import JobStore
from shared.providers.prices import Prices
from shared.providers.provider import Registry
from shared.store.complaints import Complaints
from workers.process import Process
from workers.providers.access import Access
from workers.providers.batches.anthropic import AnthropicBatches
from workers.providers.batches.base import OwnBatches
from workers.providers.batches.openai import OpenAiBatches
from workers.routing.keys_now import KeysNow

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Long enough that the event loop goes round (seconds).
_TURN_S: Final = 1e-6
#: Lines that are worked on before others have their turn: some milliseconds.
_AT_ONCE: Final = 50


def _spawn(work: Callable[[], None]) -> None:
    gevent.spawn(work)


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """What providers' own batches need beside it.

    `spawn` lets work go on beside the feeder, which waits for no provider; `busy` names the parts
    that are worked on, and `token` this process.
    """

    parts: PartStore
    access: Access
    session: Session
    prices: Prices
    history: HistoryWriter
    apis: Mapping[str, OwnBatches]
    spawn: Callable[[Callable[[], None]], None] = _spawn
    busy: set[tuple[str, int]] = field(default_factory=set)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    complaints: Complaints = field(default_factory=lambda: Complaints(log, "part of batch"))


@dataclass(frozen=True, slots=True)
class Desk:
    """The stores, and who serves which model. `jobs` may give ids, as the gateway does."""

    process: Process
    registry: Registry
    artifacts: Artifacts
    batches: BatchStore
    jobs: JobStore
    line_jobs: LineJobs
    history: HistoryReader
    announcements: Announcements
    own: OwnDesk
    keys: KeysNow

    def rest(self) -> None:
        """Let others of this process have their turn: a pause of 0 would not look at sockets."""
        self.process.sleep(_TURN_S)

    def paced(self, lines: Iterable[T]) -> Iterator[T]:
        """Give lines on; rest now and then."""
        for number, line in enumerate(lines, 1):
            yield line
            if number % _AT_ONCE == 0:
                self.rest()


def desk_of(
    process: Process,
    registry: Registry,
    database: Database,
    artifacts: Artifacts,
    own: OwnDesk,
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
        history=HistoryReader(database),
        announcements=Announcements(process.redis),
        own=own,
        keys=KeysNow(database, process.clock, process.monotonic),
    )


def own_desk(database: Database, access: Access, session: Session, prices: Prices) -> OwnDesk:
    """Return what providers' own batches need."""
    return OwnDesk(
        parts=PartStore(database),
        access=access,
        session=session,
        prices=prices,
        history=HistoryWriter(database),
        apis={"openai": OpenAiBatches(), "anthropic": AnthropicBatches()},
    )
