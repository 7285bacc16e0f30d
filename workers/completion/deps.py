"""What making executed jobs final needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from shared.ledger.completion import Completion
from shared.ledger.reader import Reader
from shared.providers.prices import Prices
from shared.store.complaints import Complaints
from workers.completion.pace import Pace
from workers.process import Process

log = logging.getLogger(__name__)

#: How long jobs gather, under load, before a pass makes them final (seconds): where few come, and
#: at most. Nobody waits for it but callbacks. A pass costs five round trips; this makes it one for
#: many: a third of the CPU, and at hundreds of jobs a second the longer one another third.
GATHER_S: Final = 0.02
GATHER_MOST_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class CompletionDeps:
    """The moves to the end, and what an answer costs."""

    process: Process
    jobs: Completion
    reader: Reader
    prices: Prices
    pace: Pace = field(default_factory=lambda: Pace(GATHER_S, GATHER_MOST_S))
    complaints: Complaints = field(default_factory=lambda: Complaints(log, "job"))
