"""What processes hold over time, and whether that is flat: pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import Final

#: What may be more in the last quarter than in the one before: a tenth, and so much (MB, files).
_SHARE: Final = 0.1
SLACK: Final = {"RSS, MB": 16.0, "files": 50.0}
#: A process that was seen less often is a child that writes Redis's file, and ends by itself.
_FEWEST: Final = 8


@dataclass
class Series:
    """One number of one process over time, sampled evenly."""

    values: list[float] = field(default_factory=list)

    def quarter(self, number: int) -> float:
        """Return the median of a quarter, 0 to 3."""
        count = len(self.values)
        return median(self.values[count * number // 4 : count * (number + 1) // 4] or [0.0])

    def is_flat(self, slack: float) -> bool:
        """Whether the last quarter is no more than the one before, as medians."""
        return self.quarter(3) <= self.quarter(2) * (1 + _SHARE) + slack


class Samples:
    """Series by process and by what is measured (a name of SLACK)."""

    def __init__(self) -> None:
        self.series: defaultdict[tuple[str, str], Series] = defaultdict(Series)

    def add(self, process: str, what: str, value: float) -> None:
        """Add a value."""
        self.series[process, what].values.append(value)

    def growing(self) -> list[str]:
        """Return a line for each series that is not flat in the last half."""
        return [
            f"{what} of {process} grew from {one.quarter(2):.0f} to {one.quarter(3):.0f}"
            for (process, what), one in self.series.items()
            if len(one.values) >= _FEWEST and not one.is_flat(SLACK[what])
        ]
