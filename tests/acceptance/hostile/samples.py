"""What processes hold over time, and whether that is flat: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final

#: What may be more in the last quarter than in the one before: a tenth, and so much (MB, files).
_SHARE: Final = 0.1
MEMORY: Final = "RSS, MB"
SLACK: Final = {MEMORY: 16.0, "files": 50.0}
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
        return self.quarter(3) <= _allowed(self.quarter(2), slack)

    def is_given_back(self, afterwards: float, slack: float) -> bool:
        """Whether what is held when all peers have gone is no more than in the first quarter.

        Then what grew was work under way, of which there is more at one time than at another.
        """
        return afterwards <= _allowed(self.quarter(0), slack)


def _allowed(before: float, slack: float) -> float:
    return before * (1 + _SHARE) + slack


class Samples:
    """Series by process and by what is measured (a name of SLACK)."""

    def __init__(self) -> None:
        self.series: defaultdict[tuple[str, str], Series] = defaultdict(Series)

    def add(self, process: str, what: str, value: float) -> None:
        """Add a value."""
        self.series[process, what].values.append(value)

    def growing(self, afterwards: Mapping[str, float]) -> list[str]:
        """Return a line for each series that is not flat in the last half, nor given back.

        `afterwards`: the memory that processes hold when all peers have gone (MB).
        """
        return [
            f"{what} of {process} grew from {one.quarter(2):.0f} to {one.quarter(3):.0f}"
            for (process, what), one in self.series.items()
            if len(one.values) >= _FEWEST
            and not one.is_flat(SLACK[what])
            and not (
                what == MEMORY
                and process in afterwards
                and one.is_given_back(afterwards[process], SLACK[what])
            )
        ]
