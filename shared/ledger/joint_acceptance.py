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
        """Return what became of each job, in their order."""
        places = range(len(self._news))
        self._ask(places)
        if unborn := [place for place in places if _is_unborn(self._answers[place])]:
            self._ask_with_epoch(unborn)
        return [self._answers[place] for place in places]

    def _ask_with_epoch(self, unborn: Sequence[int]) -> None:
        """Ask again for those alone that had no id: the others have their answer."""
        try:
            self._single.begin_epoch()
        except Exception as exc:
            self._answers.update(dict.fromkeys(unborn, exc))
        else:
            self._ask(unborn)

    def _ask(self, places: Sequence[int]) -> None:
        runs, alone = self._alike(places), list[int]()
        for run, told in zip(runs, self._try(runs), strict=True):
            if isinstance(told, redis.RedisError) and is_outage(told):
                self._answers.update(dict.fromkeys(run, told))
            elif isinstance(told, Exception):
                alone += run
            else:
                self._answers.update(zip(run, told, strict=True))
        self._ask_alone(alone)

    def _alike(self, places: Sequence[int]) -> list[list[int]]:
        runs: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for place in places:
            runs[in_common(self._news[place])].append(place)
        return list(runs.values())

    def _try(self, runs: Sequence[Sequence[int]]) -> Sequence[Sequence[Told] | Exception]:
        try:
            return self._single.try_all([[self._news[place] for place in run] for run in runs])
        except Exception as exc:
            # An outage, or something about one of them, which concerns that one alone.
            return [exc] * len(runs)

    def _ask_alone(self, places: Sequence[int]) -> None:
        for count, place in enumerate(places):
            try:
                self._answers[place] = self._single.run([self._news[place]])[0]
            except (redis.ConnectionError, redis.TimeoutError) as exc:
                # Each of the others would wait as long for the same.
                self._answers.update(dict.fromkeys(places[count:], exc))
                return
            except Exception as exc:
                self._answers[place] = exc


def _is_unborn(told: Told | Exception) -> bool:
    return not isinstance(told, Exception) and told[0] == UNBORN
