"""The keys of one model's queue, in the order in which the scripts of the ledger take them."""

from __future__ import annotations

from functools import lru_cache

from shared.operation import Operation
from shared.queues import gates
from shared.queues import names as task_names
from shared.queues.names import PRIORITIES
from shared.store import redis_keys as keys

#: Every move names them, and there are few queues.
_kept = lru_cache(maxsize=1000)


def move_keys(job_id: int) -> list[str]:
    """Return KEYS 1-7, common to every job move (see `lua/includes/move_keys.lua`)."""
    return [
        keys.job(job_id),
        keys.LEASES,
        keys.DEADLINES,
        keys.DELAYED,
        keys.EXECUTED,
        keys.message_list(task_names.COMPLETION_QUEUE, 0),
        keys.QUEUE_PLACE,
    ]


@_kept
def lines(queue: str) -> tuple[str, ...]:
    """Return the lines of a queue, one a priority."""
    return tuple(keys.line(queue, priority) for priority in PRIORITIES)


@_kept
def missing(queue: str) -> tuple[str, ...]:
    """Return where a queue's missing messages are noted, one a priority."""
    return tuple(keys.missing(queue, priority) for priority in PRIORITIES)


@_kept
def waiting(queue: str) -> tuple[str, ...]:
    """Return who waits behind the windows of a queue, one a priority."""
    return tuple(keys.waiting(queue, priority) for priority in PRIORITIES)


def waiting_of(queue: str, owner: str) -> list[str]:
    """Return the same for one owner."""
    return [keys.waiting_of(queue, priority, owner) for priority in PRIORITIES]


def everywhere(queue: str, owner: str, provider: str, operation: Operation) -> list[str]:
    """Return KEYS 8-… of the moves that take a job out of wherever it stands in line."""
    queued = [
        *(*lines(queue), *missing(queue), *waiting(queue), *waiting_of(queue, owner)),
        *(keys.LATER, keys.later_of(owner)),
    ]
    gate = gates.gate(queue, provider, operation)
    if gate == queue:
        return queued
    return [*queued, *waiting(gate), *waiting_of(gate, owner)]


@_kept
def window(queue: str, priority: int) -> tuple[str, ...]:
    """Return what `dispatch` works on: message list, line, waiting, turns."""
    return (
        keys.message_list(queue, priority),
        keys.line(queue, priority),
        keys.waiting(queue, priority),
        keys.turns(queue, priority),
    )


@lru_cache(maxsize=4096)
def of_accept(
    model: str, priority: int, owner: str, provider: str, operation: Operation
) -> tuple[str, ...]:
    """Return KEYS 2-… of `accept`: all that jobs of one owner and model have in common."""
    queue = task_names.chat_queue(model)
    gate = gates.gate(queue, provider, operation)
    return (
        keys.MODELS,
        keys.DEADLINES,
        keys.drain(queue),
        *window(queue, priority),
        keys.QUEUE_PLACE,
        keys.waiting_of(queue, priority, owner),
        *lines(queue),
        *waiting(queue),
        *waiting_of(queue, owner),
        keys.GATES,
        *(waiting(gate) if gate != queue else ()),
    )
