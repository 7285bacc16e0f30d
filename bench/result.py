"""What a benchmark hands back: a table, and the goals that it was to reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


class BenchmarkFailed(Exception):
    """The benchmark could not be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, with the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise the rounds' values."""
        return cls(median(values), min(values), max(values))

    def show(self, digits: int = 0) -> str:
        """Return `median (low-high)`, or a dash when it could not be measured."""
        if math.isnan(self.median):
            return "-"
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f}-{self.high:,.{digits}f})"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a number has to reach now, and what it has to reach later."""

    what: str
    value: Spread
    now: float
    later: float | None = None
    unit: str = "x"
    at_least: bool = True

    @property
    def reached(self) -> bool:
        """Whether the goal of today is reached."""
        return self.reaches(self.now)

    def reaches(self, bound: float) -> bool:
        """Whether the median is on the good side of the bound."""
        value = self.value.median
        return value >= bound if self.at_least else value < bound

    def bound(self, number: float) -> str:
        """Return the bound as it is shown."""
        return f"{'≥' if self.at_least else '<'} {number:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's outcome. `about` says what was measured, `notes` what each row means."""

    name: str
    title: str
    about: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    goals: list[Goal] = field(default_factory=list)
    notes: tuple[str, ...] = ()
