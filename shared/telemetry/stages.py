"""The stages that a job passes: how much waits at each, how late it is, who works there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.queues import names as task_names
from shared.telemetry.backlog import Backlog
from shared.telemetry.workers import Worker

CHAT: Final = "chat"
COMPLETION: Final = "completion"
CALLBACKS: Final = "callbacks"
HISTORY: Final = "history"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; of chats, for one model. None is what does not apply to it."""

    name: str
    #: How many wait for a worker.
    depth: int
    #: How long the one has waited that waits longest (seconds); 0 when nobody waits.
    lag_s: float
    #: How many workers serve it.
    workers: int
    model: str | None = None
    in_flight: int | None = None
    #: Wait too, but for their receiver: no worker could be faster.
    held: int | None = None
    #: Slots of these workers, for all that they serve, and those of them that are taken.
    slots: int | None = None
    busy: int | None = None


class Stages:
    """Tells the stages of one moment, from who works there and what waits."""

    def __init__(self, workers: Sequence[Worker], now_ms: int) -> None:
        """`workers` are those that live."""
        self._workers = workers
        self._now_ms = now_ms

    def chat(self, model: str, backlog: Backlog) -> Stage:
        """Return the stage of a model's chats."""
        # Also the calls of workers that do not serve it any more.
        in_flight = sum(one.models.get(model, 0) for one in self._workers)
        stage = self._stage(CHAT, task_names.chat_queue(model), backlog)
        return replace(stage, model=model, in_flight=in_flight)

    def completion(self, backlog: Backlog) -> Stage:
        """Return the stage of executed jobs that are to become final."""
        return self._stage(COMPLETION, task_names.COMPLETION_QUEUE, backlog)

    def callbacks(self, backlog: Backlog, in_flight: int, held: int) -> Stage:
        """Return the stage of callbacks."""
        stage = self._stage(CALLBACKS, task_names.CALLBACKS_QUEUE, backlog)
        return replace(stage, in_flight=in_flight, held=held)

    def history(self, backlog: Backlog) -> Stage:
        """Return the stage of final jobs that are to be written into the history.

        Every completion worker can; one at a time does, with no slot of its own.
        """
        stage = self._stage(HISTORY, task_names.COMPLETION_QUEUE, backlog)
        return replace(stage, slots=None, busy=None)

    def _stage(self, name: str, queue: str, backlog: Backlog) -> Stage:
        # Who is about to stop takes nothing new.
        serving = [one for one in self._workers if queue in one.queues and not one.stopping]
        return Stage(
            name=name,
            depth=backlog.depth,
            lag_s=lag_s(backlog.since_ms, self._now_ms),
            workers=len(serving),
            slots=sum(one.slots or 0 for one in serving),
            busy=sum(one.busy or 0 for one in serving),
        )


def lag_s(since_ms: int | None, now_ms: int) -> float:
    """Return how long somebody has waited (seconds). Clocks may have been set back."""
    return 0.0 if since_ms is None else max(0, now_ms - since_ms) / 1000


def calls_by_provider(workers: Iterable[Worker]) -> Counter[str]:
    """Return how many calls run at each provider, as the workers told."""
    calls: Counter[str] = Counter()
    for one in workers:
        calls.update(one.providers)
    return calls
