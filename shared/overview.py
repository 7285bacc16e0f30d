"""How things stand over the whole cluster at this moment, as the ledger has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from shared import queue_keys, task_names
from shared import redis_keys as keys
from shared.counters import LATENCY_BOUNDS_MS, latency_field

#: Most models and workers that are told of: beyond that a page is no overview.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many jobs wait for a model, by how much of a hurry they are in."""

    model: str
    interactive: int
    queued: int
    bulk: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How things stand. Counts only ever grow: what happens in a time is their difference."""

    now_ms: int
    #: Jobs accepted since the ledger began.
    accepted: int
    in_flight: int
    #: Waiting for their next attempt, after one that failed.
    delayed: int
    #: Answered, but not final yet.
    executed: int
    callbacks_due: int
    callbacks_delayed: int
    callbacks_in_flight: int
    waiting: tuple[Waiting, ...]
    workers: tuple[dict[str, Any], ...]
    counts: dict[str, int]
    #: How many jobs were answered within each bound (milliseconds); None: in more than the last.
    latencies: tuple[tuple[int | None, int], ...]


def read_overview(client: redis.Redis) -> Overview:
    """Read how things stand. Raises redis.RedisError."""
    queue = task_names.CALLBACKS_QUEUE
    first = client.pipeline(transaction=False)
    first.time()
    first.get(keys.JOB_ID)
    for key in (keys.LEASES, keys.DELAYED, keys.EXECUTED):
        first.zcard(key)
    first.llen(keys.message_list(queue, 0))
    for key in (keys.DELIVERIES_DELAYED, keys.DELIVERIES_LEASES):
        first.zcard(key)
    first.hgetall(keys.COUNTERS)
    first.smembers(keys.MODELS)
    answers: list[Any] = first.execute()
    (seconds, micros), last_id, *sizes, counted, models = answers
    in_flight, delayed, executed, due, callbacks_delayed, callbacks_in_flight = sizes
    counts = {name.decode(): int(value) for name, value in counted.items()}
    return Overview(
        now_ms=seconds * 1000 + micros // 1000,
        accepted=int(last_id or 0),
        in_flight=in_flight,
        delayed=delayed,
        executed=executed,
        callbacks_due=due,
        callbacks_delayed=callbacks_delayed,
        callbacks_in_flight=callbacks_in_flight,
        waiting=_waiting(client, sorted(name.decode() for name in models)[:MOST]),
        workers=_workers(client),
        counts={name: value for name, value in counts.items() if not _is_latency(name)},
        latencies=tuple(
            (bound, counts.get(latency_field(bound), 0)) for bound in (*LATENCY_BOUNDS_MS, None)
        ),
    )


def _waiting(client: redis.Redis, models: Sequence[str]) -> tuple[Waiting, ...]:
    pipe = client.pipeline(transaction=False)
    for model in models:
        queue = task_names.chat_queue(model)
        # In line with a message, and behind the window without one: both wait.
        for key in (*queue_keys.lines(queue), *queue_keys.waiting(queue)):
            pipe.zcard(key)
    sizes = pipe.execute()
    each, rows = 2 * len(task_names.PRIORITIES), []
    for index, model in enumerate(models):
        own = sizes[index * each : (index + 1) * each]
        half = each // 2
        rows.append(Waiting(model, *(own[i] + own[half + i] for i in range(half))))
    return tuple(rows)


def _workers(client: redis.Redis) -> tuple[dict[str, Any], ...]:
    names = sorted(client.scan_iter(match=keys.WORKER_PATTERN, count=1000))[:MOST]
    entries: Any = client.mget(names) if names else []
    return tuple(json.loads(entry) for entry in entries if entry)


def _is_latency(name: str) -> bool:
    return name.startswith(latency_field(0)[:-1])
