"""Counts by label, gathered in each process's memory and added up in Redis.

So they are those of the whole cluster, whichever gateway is asked, and cost a job no round trip: a
process writes what it has gathered once a second. One that is killed loses its last second.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Any, Final

import redis

from shared.store import redis_keys as keys
from shared.store.scripts import Call, ScriptRunner

#: How often a process writes what it has gathered (seconds).
FLUSH_S: Final = 1.0
#: Most different counts that Redis keeps: more than any registry in use needs.
MOST: Final = 20_000
#: Upper bounds of the histograms' buckets (seconds); one more holds what is slower.
BOUNDS_S: Final = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    *(30.0, 60.0, 120.0, 300.0, 600.0),
)
#: The count of those that found no room.
DROPPED: Final = "dropped"

_BOUNDS_MS: Final = tuple(round(bound * 1000) for bound in BOUNDS_S)
#: The buckets by their place.
_BUCKETS: Final = tuple(map(str, range(len(BOUNDS_S) + 1)))
_SEPARATOR: Final = "\x1f"
#: In place of a bucket's number: the sum of all that was observed (milliseconds).
_SUM: Final = "sum"


class Tallied:
    """What is counted, and by which labels. No enum: hashing one's members is a call of its own."""

    #: Answers of gateways, by endpoint and status.
    REQUESTS: Final = "requests"
    #: Jobs that were accepted, by model, operation.
    ACCEPTED: Final = "accepted"
    #: Jobs that ended, by model, provider, operation, outcome.
    JOBS: Final = "jobs"
    #: Tokens, by model, provider, kind.
    TOKENS: Final = "tokens"
    #: Deliveries that ended, by outcome.
    DELIVERIES: Final = "deliveries"
    #: Attempts at callbacks, by outcome.
    ATTEMPTS: Final = "attempts"
    #: Observed durations: of jobs by model, of callbacks by nothing.
    WAIT: Final = "wait"
    RUN: Final = "run"
    TOTAL: Final = "total"
    CALLBACK: Final = "callback"


class Tally:
    """What this process has counted and not written yet."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, ...]] = Counter()

    def add(self, what: str, *labels: str, number: int = 1) -> None:
        """Add to a count of `Tallied`."""
        if number:
            self._counts[what, *labels] += number

    def observe(self, what: str, duration_ms: int, *labels: str) -> None:
        """Add a duration to a histogram of `Tallied`."""
        counts = self._counts
        counts[what, *labels, _BUCKETS[bisect_left(_BOUNDS_MS, duration_ms)]] += 1
        counts[what, *labels, _SUM] += max(0, duration_ms)

    def flush(self, client: redis.Redis) -> None:
        """Write what was gathered; what cannot be written now is kept. Raises redis.RedisError.

        Where Redis took it and its answer was lost, it is counted twice.
        """
        taken, self._counts = self._counts, Counter()
        pairs = [part for labels, n in taken.items() for part in (_SEPARATOR.join(labels), n)]
        if not pairs:
            return
        try:
            ScriptRunner(client).run(Call("tally", [keys.METRICS], [MOST, DROPPED, *pairs]))
        except redis.RedisError:
            self._counts.update(taken)
            raise


class Counts:
    """All that the cluster's processes have written."""

    def __init__(self, by_field: dict[tuple[str, ...], int]) -> None:
        self._by_field = by_field

    @classmethod
    def read(cls, client: redis.Redis) -> Counts:
        """Return what Redis has now. Raises redis.RedisError."""
        row: Any = client.hgetall(keys.METRICS)
        return cls(
            {tuple(name.decode().split(_SEPARATOR)): int(value) for name, value in row.items()}
        )

    @property
    def dropped(self) -> int:
        """How much was counted of what found no room."""
        return self._by_field.get((DROPPED,), 0)

    def of(self, what: str) -> dict[tuple[str, ...], int]:
        """Return a count by its labels."""
        return {tuple(rest): n for (name, *rest), n in self._by_field.items() if name == what}

    def histograms(self, what: str) -> dict[tuple[str, ...], Histogram]:
        """Return a histogram by its labels."""
        found: dict[tuple[str, ...], Histogram] = {}
        for (*labels, place), number in self.of(what).items():
            found.setdefault(tuple(labels), Histogram()).note(place, number)
        return found


class Histogram:
    """How many were observed in each bucket, the last for the slower, and the sum of all."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        self.sum_ms = 0

    def note(self, place: str, number: int) -> None:
        """Take in one field. One of another version's buckets counts as slower than all."""
        if place == _SUM:
            self.sum_ms += number
        else:
            self.buckets[min(int(place), len(BOUNDS_S))] += number

    def merge(self, other: Histogram) -> None:
        """Add another histogram to this one."""
        self.buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]
        self.sum_ms += other.sum_ms
