"""What making executed jobs final needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from shared.ledger.completion import Completion
from shared.ledger.reader import Reader
from shared.providers.prices import Prices
from workers.completion.pace import Pace
from workers.process import Process

#: How long jobs gather at most, under load, before a pass makes them final (seconds). Nobody waits
#: for it but callbacks. A pass costs four round trips; this makes it one for many: a third of the
#: CPU.
GATHER_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class CompletionDeps:
    """The moves to the end, and what an answer costs."""

    process: Process
    jobs: Completion
    reader: Reader
    prices: Prices
    pace: Pace = field(default_factory=lambda: Pace(GATHER_S))
