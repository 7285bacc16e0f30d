"""How things stood in the last hour and the last day, in samples: what plots begin with.

Whoever's turn it is takes one; several processes that try make no more of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import redis

from shared.store import redis_keys as keys
from shared.telemetry.counters import Count
from shared.telemetry.overview import Overview, read_overview


@dataclass(frozen=True, slots=True)
class Trend:
    """A series of samples: where it is kept, how often one is taken, and for how long (ms)."""

    key: str
    every_ms: int
    kept_ms: int


HOUR: Final = Trend(keys.TREND_HOUR, 15_000, 3_600_000)
DAY: Final = Trend(keys.TREND_DAY, 300_000, 86_400_000)
#: How often a process looks whether it is its turn (seconds).
SAMPLE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at a moment (unix ms). Counts only ever grow."""

    at_ms: int
    accepted: int
    completed: int
    failed: int
    cancelled: int
    in_flight: int
    waiting: int
    callbacks: int
    latencies: tuple[int, ...]


_NUMBERS: Final = sorted(set(Sample.__dataclass_fields__) - {"latencies"})


def sample_of(now: Overview) -> Sample:
    """Return what of an overview is kept."""
    held = sum(stage.held or 0 for stage in now.stages)
    due = now.callbacks_due + now.callbacks_delayed + now.callbacks_in_flight
    return Sample(
        at_ms=now.roll.now_ms,
        accepted=now.accepted,
        completed=now.counts.get(Count.ENDED_COMPLETED, 0),
        failed=now.counts.get(Count.ENDED_FAILED, 0),
        cancelled=now.counts.get(Count.ENDED_CANCELLED, 0),
        in_flight=now.in_flight,
        waiting=sum(row.interactive + row.queued + row.bulk for row in now.waiting),
        callbacks=due + held,
        latencies=tuple(total for _, total in now.latencies),
    )


def take_samples(client: redis.Redis) -> None:
    """Take a sample for each trend whose turn it is. Raises redis.RedisError."""
    due = [trend for trend in (HOUR, DAY) if _is_my_turn(client, trend)]
    if not due:
        return
    sample = sample_of(read_overview(client))
    text = json.dumps(asdict(sample), separators=(",", ":"))
    pipe = client.pipeline(transaction=False)
    for trend in due:
        pipe.zadd(trend.key, {text: sample.at_ms})
        pipe.zremrangebyscore(trend.key, "-inf", sample.at_ms - trend.kept_ms)
    pipe.execute()


def _is_my_turn(client: redis.Redis, trend: Trend) -> bool:
    # A little less than the pause: who comes on time is not sent away.
    lives_ms = trend.every_ms - 1000
    return bool(client.set(keys.trend_turn(trend.key), "1", nx=True, px=lives_ms))


def read_samples(client: redis.Redis, trend: Trend) -> Sequence[Sample]:
    """Return the samples, oldest first. Raises redis.RedisError."""
    rows: Any = client.zrange(trend.key, 0, -1)
    found = map(_sample, rows)
    return [sample for sample in found if sample is not None]


def _sample(row: bytes) -> Sample | None:
    """Read a sample; None for what another version or hand has left, which hides no other."""
    try:
        told = json.loads(row)
        numbers = {name: _whole(told[name]) for name in _NUMBERS}
        return Sample(**numbers, latencies=tuple(map(_whole, told["latencies"])))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _whole(value: object) -> int:
    """Return a number as a sample has it. Raises TypeError."""
    if type(value) is not int:
        raise TypeError(value)
    return value
