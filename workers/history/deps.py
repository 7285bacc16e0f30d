"""What keeping the history needs."""

from __future__ import annotations

from dataclasses import dataclass

from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.providers.prices import Prices
from workers.process import Process


@dataclass(frozen=True, slots=True)
class HistoryDeps:
    """The list of jobs to store, where they are stored, and what they cost."""

    process: Process
    unstored: Unstored
    history: HistoryWriter
    prices: Prices
