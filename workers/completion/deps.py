"""What making executed jobs final needs."""

from __future__ import annotations

from dataclasses import dataclass

from shared.ledger.completion import Completion
from shared.ledger.reader import Reader
from shared.providers.prices import Prices
from workers.process import Process


@dataclass(frozen=True, slots=True)
class CompletionDeps:
    """The moves to the end, and what an answer costs."""

    process: Process
    jobs: Completion
    reader: Reader
    prices: Prices
