"""How many wait in the lines of a queue, and since when: one script, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.store import redis_keys as keys
from shared.store.scripts import Call

#: Since when a job waits: it was tried before and stands in line again, or it was accepted.
_JOB_SINCE: Final = ("queued_ms", "created_ms")
_DELIVERY_SINCE: Final = ("due_ms", "created_ms")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, by priority, the highest first. `since_ms`: the one that waits longest."""

    by_priority: tuple[int, ...]
    since_ms: int | None

    @property
    def depth(self) -> int:
        """How many wait."""
        return sum(self.by_priority)


def of_chats(model: str, closed_gates: Iterable[str] = ()) -> Call:
    """Return the call that reads what waits for a model: in line, behind the window, at gates."""
    queue = task_names.chat_queue(model)
    # Those at the gate of the queue itself wait behind its window.
    others = [gate for gate in closed_gates if gate != queue]
    lines = [*queue_keys.lines(queue), *queue_keys.waiting(queue)]
    lines += [line for gate in others for line in queue_keys.waiting(gate)]
    return Call("backlog", lines, [keys.JOB_PREFIX, *_JOB_SINCE])


def of_callbacks() -> Call:
    """Return the call that reads which deliveries are due and wait for a worker."""
    line = keys.line(task_names.CALLBACKS_QUEUE, 0)
    return Call("backlog", [line], [keys.DELIVERY_PREFIX, *_DELIVERY_SINCE])


def from_answer(answer: Sequence[Any]) -> Backlog:
    """Read what such a call returned."""
    since, *sizes = answer
    step = len(task_names.PRIORITIES)
    return Backlog(
        tuple(sum(sizes[first::step]) for first in range(step)),
        int(since) if since else None,
    )
