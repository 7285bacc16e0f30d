"""How things stand over the whole cluster at this moment, as the ledger has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from shared.providers.provider import Provider
from shared.queues.gates import gate_parts
from shared.queues.names import chat_queue
from shared.queues.server_queue_store import ServerQueueStore
from shared.queues.server_queues import Reading
from shared.store import redis_keys as keys
from shared.store.clock import Clock, redis_clock
from shared.store.scripts import ScriptRunner
from shared.telemetry.backlog import Backlog, from_answer, of_callbacks, of_chats
from shared.telemetry.counters import LATENCY_BOUNDS_MS, latency_field
from shared.telemetry.stages import Stage, Stages, calls_by_provider
from shared.telemetry.workers import Roll, WorkerBook

#: Most models and receivers that are looked at: beyond that a page is no overview.
MOST: Final = 500
_UNREAD: Final = Reading(0, problem="no completion worker has looked at it of late")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many jobs wait for a model, by how much of a hurry they are in."""

    model: str
    interactive: int
    queued: int
    bulk: int


@dataclass(frozen=True, slots=True)
class ProviderSlots:
    """How many calls run at a provider, and how many may; None for any number.

    `queue`: what its server told of its own queue; None if it is not asked.
    """

    name: str
    in_use: int
    limit: int | None
    queue: Reading | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """How things stand. Counts only ever grow: what happens in a time is their difference."""

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
    stages: tuple[Stage, ...]
    providers: tuple[ProviderSlots, ...]
    roll: Roll
    counts: dict[str, int]
    #: How many jobs were answered within each bound (milliseconds); None: in more than the last.
    latencies: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What one round trip tells, and the names of what to ask in the next ones."""

    accepted: int
    in_flight: int
    delayed: int
    callbacks_delayed: int
    callbacks_in_flight: int
    executed: Backlog
    unstored: Backlog
    counts: dict[str, int]
    models: Sequence[str]
    gates: Sequence[str]
    callbacks_held: int


def read_overview(
    client: redis.Redis, providers: Sequence[Provider] = (), clock: Clock = redis_clock
) -> Overview:
    """Read how things stand, in six round trips at most. Raises redis.RedisError.

    `clock` gives unix milliseconds, 0 for Redis's own.
    """
    sizes = _sizes(client)
    roll = WorkerBook(client, clock).read()
    chats, callbacks = _backlogs(client, sizes)
    in_use = _in_use(client, providers, roll.now_ms)
    queues = _server_queues(client, providers)
    live = [one.worker for one in roll.live]
    told, calls = Stages(live, roll.now_ms), calls_by_provider(live)
    return Overview(
        accepted=sizes.accepted,
        in_flight=sizes.in_flight,
        delayed=sizes.delayed,
        executed=sizes.executed.depth,
        callbacks_due=callbacks.depth,
        callbacks_delayed=sizes.callbacks_delayed,
        callbacks_in_flight=sizes.callbacks_in_flight,
        waiting=tuple(Waiting(model, *backlog.by_priority) for model, backlog in chats.items()),
        stages=(
            *(told.chat(model, backlog) for model, backlog in chats.items()),
            told.completion(sizes.executed),
            told.callbacks(callbacks, sizes.callbacks_in_flight, sizes.callbacks_held),
            told.history(sizes.unstored),
        ),
        providers=tuple(
            ProviderSlots(
                one.name,
                taken if one.is_limited else calls[one.name],
                one.concurrency,
                queues.get(one.name),
            )
            for one, taken in zip(providers, in_use, strict=True)
        ),
        roll=roll,
        counts={name: value for name, value in sizes.counts.items() if not _is_latency(name)},
        latencies=tuple(
            (bound, sizes.counts.get(latency_field(bound), 0))
            for bound in (*LATENCY_BOUNDS_MS, None)
        ),
    )


def _sizes(client: redis.Redis) -> _Sizes:
    pipe = client.pipeline(transaction=False)
    pipe.get(keys.JOB_ID)
    for key in (keys.LEASES, keys.DELAYED, keys.DELIVERIES_DELAYED, keys.DELIVERIES_LEASES):
        pipe.zcard(key)
    for key in (keys.EXECUTED, keys.UNSTORED):
        pipe.zcard(key)
        pipe.zrange(key, 0, 0, withscores=True)
    pipe.hgetall(keys.COUNTERS)
    for key in (keys.MODELS, keys.GATES):
        pipe.smembers(key)
    pipe.scard(keys.DELIVERIES_PARKED)
    answers: list[Any] = pipe.execute()
    last_id, in_flight, delayed, callbacks_delayed, callbacks_in_flight = answers[:5]
    executed, first_executed, unstored, first_unstored, counted, models, gates, held = answers[5:]
    return _Sizes(
        accepted=int(last_id or 0),
        in_flight=in_flight,
        delayed=delayed,
        callbacks_delayed=callbacks_delayed,
        callbacks_in_flight=callbacks_in_flight,
        executed=_by_time(executed, first_executed),
        unstored=_by_time(unstored, first_unstored),
        counts={name.decode(): int(value) for name, value in counted.items()},
        models=sorted(name.decode() for name in models)[:MOST],
        gates=[name.decode() for name in gates],
        callbacks_held=held,
    )


def _by_time(depth: int, first: Sequence[tuple[bytes, float]]) -> Backlog:
    return Backlog((depth,), int(first[0][1]) if first else None)


def _backlogs(client: redis.Redis, sizes: _Sizes) -> tuple[dict[str, Backlog], Backlog]:
    """Return what waits for each model, and which callbacks do."""
    gates_of = defaultdict(list)
    for gate in sizes.gates:
        gates_of[gate_parts(gate).queue].append(gate)
    calls = [of_chats(model, gates_of[chat_queue(model)]) for model in sizes.models]
    *chats, callbacks = map(from_answer, ScriptRunner(client).run_all([*calls, of_callbacks()]))
    return dict(zip(sizes.models, chats, strict=True)), callbacks


def _in_use(client: redis.Redis, providers: Sequence[Provider], now_ms: int) -> list[int]:
    """Return the slots taken of each provider."""
    pipe = client.pipeline(transaction=False)
    for provider in providers:
        # Leases that are over are swept by who looks for a slot next.
        pipe.zcount(keys.slots(provider.name), f"({now_ms}", "+inf")
    taken: list[int] = pipe.execute()
    return taken


def _server_queues(client: redis.Redis, providers: Sequence[Provider]) -> dict[str, Reading]:
    """Return what servers tell that are asked; where nobody has looked of late, that."""
    names = [one.name for one in providers if one.enabled and one.metrics_url]
    found = ServerQueueStore(client).read(names)
    return {name: reading or _UNREAD for name, reading in found.items()}


def _is_latency(name: str) -> bool:
    return name.startswith(latency_field(0)[:-1])
