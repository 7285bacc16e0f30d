"""All that the ledgers of a run have of one job. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from tests.acceptance.chaos.ledgers import CallbackSeen, LlmCall, Told

R = TypeVar("R", LlmCall, CallbackSeen)


@dataclass(slots=True)
class Records:
    """One job: what its client knows, its calls and its callbacks."""

    told: Told
    calls: list[LlmCall]
    callbacks: list[CallbackSeen]

    def winner(self) -> LlmCall | None:
        """Return the call whose answer is the job's result."""
        same = (c for c in self.calls if c.status == 200 and c.answer == self.told.result)
        return next(same, None)


def by_marker(records: Iterable[R]) -> defaultdict[str, list[R]]:
    """Return the records of each job."""
    found: defaultdict[str, list[R]] = defaultdict(list)
    for record in records:
        found[record.marker].append(record)
    return found
