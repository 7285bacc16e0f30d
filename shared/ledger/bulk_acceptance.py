"""Many requests become jobs at once: a few round trips, and what they have in common said once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.ledger.acceptance import Acceptance

#: Most jobs and bytes of one run of the script, in which Redis serves nobody else: some
#: milliseconds.
_MOST_JOBS: Final = 100
_MOST_BYTES: Final = 1_048_576


class BulkAcceptance:
    """Accepts jobs in their order, each by itself, up to the first that is refused."""

    def __init__(self, single: Acceptance) -> None:
        """`single` runs the script, and knows what its answer means for one job."""
        self._single = single

    def accept_all(self, news: Sequence[NewJob]) -> Iterator[Accepted]:
        """Make the jobs and put them in line, or find those that their RefIds made before.

        They are one owner's. Each is told once it is there; raises what `accept` raises for the
        first that is refused, behind which none was made.
        """
        for _, alike in groupby(news, key=in_common):
            for chunk in _chunks(alike):
                yield from self._accept_chunk(chunk)

    def _accept_chunk(self, news: Sequence[NewJob]) -> Iterator[Accepted]:
        told = self._single.run(news)
        self._single.confirm()
        for new, answer in zip(news, told, strict=False):
            yield self._single.accepted(new, answer)


def in_common(new: NewJob) -> tuple[object, ...]:
    """Return what the jobs of one run of the script have in common."""
    allowed = (new.allowance.key_id, new.allowance.limits) if new.allowance else ()
    who = (new.owner, allowed, new.group, new.tier, new.weight)
    return who, new.model, new.priority, new.provider, new.operation


def _chunks(news: Iterator[NewJob]) -> Iterator[list[NewJob]]:
    chunk: list[NewJob] = []
    room = _MOST_BYTES
    for new in news:
        if chunk and (len(chunk) == _MOST_JOBS or len(new.request) > room):
            yield chunk
            chunk, room = [], _MOST_BYTES
        chunk.append(new)
        room -= len(new.request)
    if chunk:
        yield chunk
