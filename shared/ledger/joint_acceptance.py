"""Jobs that come at the same time, of anybody, are accepted together: one round trip for all.

See docs/adr/0074-accepted-together.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import redis

from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.ledger.acceptance import UNBORN, Acceptance, Told
from shared.ledger.bulk_acceptance import in_common
from shared.ledger.group_commit import GroupCommit
from shared.store.refusals import is_outage

#: A larger request goes alone: the round trip is little of what it takes, and as many as go
#: together are no more than Redis does in some milliseconds (bytes).
_SMALL_BYTES: Final = 10_240


class JointAcceptance:
    """Accepts each job as if it were alone, beside others."""

    def __init__(self, single: Acceptance) -> None:
        """`single` runs the script, and knows what its answer means for one job."""
        self._single = single
        self._together: GroupCommit[NewJob, Told] = GroupCommit(self._run)

    def accept(self, new: NewJob) -> Accepted:
        """Make the job and put it in line, or find the one its RefId made before.

        Raises what `Acceptance.accept` raises.
        """
        if len(new.request) > _SMALL_BYTES:
            return self._single.accept(new)
        accepted = self._single.accepted(new, self._together.do(new))
        self._single.confirm()
        return accepted

    def _run(self, news: Sequence[NewJob]) -> Sequence[Told | Exception]:
        if len(news) == 1:
            return self._single.run(news)
        return _Round(self._single, news).answers()


class _Round:
    """One round of jobs, known by their places in it; those that are alike go in one run."""

    def __init__(self, single: Acceptance, news: Sequence[NewJob]) -> None:
        self._single = single
        self._news = news
        self._answers: dict[int, Told | Exception] = {}

    def answers(self) -> list[Told | Exception]:
        """Return what became of each job, in their order. Raises redis.RedisError."""
        runs = self._alike()
        self._ask(runs)
        unborn = [run for run in runs if any(_is_unborn(self._answers[place]) for place in run)]
        if unborn:
            self._single.begin_epoch()
            self._ask(unborn)
        return [self._answers[place] for place in range(len(self._news))]

    def _alike(self) -> list[list[int]]:
        runs: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for place, new in enumerate(self._news):
            runs[in_common(new)].append(place)
        return list(runs.values())

    def _ask(self, runs: Sequence[Sequence[int]]) -> None:
        for run, told in zip(runs, self._try(runs), strict=True):
            if isinstance(told, redis.RedisError) and is_outage(told):
                self._answers.update(dict.fromkeys(run, told))
            elif isinstance(told, Exception):
                self._ask_alone(run)
            else:
                self._answers.update(zip(run, told, strict=True))

    def _try(self, runs: Sequence[Sequence[int]]) -> Sequence[Sequence[Told] | Exception]:
        try:
            return self._single.try_all([[self._news[place] for place in run] for run in runs])
        except redis.RedisError:
            raise
        except Exception as exc:
            # Something about one of them, which concerns that one alone.
            return [exc] * len(runs)

    def _ask_alone(self, places: Sequence[int]) -> None:
        for place in places:
            try:
                self._answers[place] = self._single.run([self._news[place]])[0]
            except Exception as exc:
                self._answers[place] = exc


def _is_unborn(told: Told | Exception) -> bool:
    return not isinstance(told, Exception) and told[0] == UNBORN
