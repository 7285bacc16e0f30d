"""The book of worker processes: what each of them says of itself, and when it was last heard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from shared.queues import names as task_names
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.clock import milliseconds, redis_ms
from shared.store.scripts import Call

#: How often a process says that it lives (seconds).
BEAT_S: Final = 2.0
#: Silent for five beats, a process counts as lost (seconds): a busy one is late at times.
LOST_AFTER_S: Final = 10.0
#: How long a process that fell silent is remembered (seconds).
KEPT_S: Final = 600.0
#: Most processes that are told of, those heard last.
MOST: Final = 500
#: What a worker counts of its jobs.
COUNTS: Final = ("received", "completed", "retries", "failed")
#: Between the name of a worker and the start of one of its lives.
_SEPARATOR: Final = "\x1f"
_CHAT_POOL: Final = "chat"


class _Row(BaseModel):
    # A worker of another version may say more, or less.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Running(_Row):
    """What a process works on: a job, or the callback of one, which has no model here."""

    job: int
    since_ms: int
    model: str = ""
    provider: str = ""


class Worker(_Row):
    """One life of a worker, in its own words. One that does not beat yet says less."""

    name: str
    started_ms: int | None = None
    pid: int
    host: str = ""
    version: str = ""
    queues: tuple[str, ...] = ()
    #: Tasks that it runs at once at most, and those that it runs.
    slots: int | None = None
    busy: int | None = None
    #: What its process holds in memory, and the CPU that it has used (seconds).
    memory_bytes: int | None = None
    cpu_s: float | None = None
    #: It was told to stop, and finishes what it has begun.
    stopping: bool = False
    #: Jobs since its start (see `COUNTS`).
    counts: dict[str, int] = {}
    #: How many jobs and callbacks run; of jobs, by model and by provider.
    running_jobs: int = 0
    models: dict[str, int] = {}
    providers: dict[str, int] = {}
    #: Those that have run longest, oldest first.
    running: tuple[Running, ...] = ()

    @property
    def process(self) -> str:
        """What tells this life of the worker from earlier ones under the same name."""
        return f"{self.name}{_SEPARATOR}{self.started_ms or 0}"

    @property
    def pools(self) -> tuple[str, ...]:
        """What kinds of work it does: chat, completion, callbacks."""
        kinds = (_CHAT_POOL if task_names.is_chat_queue(one) else one for one in self.queues)
        return tuple(dict.fromkeys(kinds))


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker, and when it was last heard (unix milliseconds)."""

    worker: Worker
    at_ms: int


@dataclass(frozen=True, slots=True)
class Roll:
    """The workers that are heard, by name, and those that are lost, the last one first."""

    now_ms: int
    live: tuple[Heard, ...]
    lost: tuple[Heard, ...]


class WorkerBook(Store):
    """Writes and reads the book. Raises redis.RedisError."""

    def beat(self, worker: Worker) -> None:
        """Note that the worker lives."""
        fields = worker.model_dump(mode="json")
        pairs = [part for name, value in fields.items() for part in (name, json.dumps(value))]
        self._scripts.run(
            Call(
                "beat",
                [keys.WORKERS, keys.beat(worker.process)],
                [self._clock(), worker.process, milliseconds(KEPT_S), *pairs],
            )
        )

    def leave(self, worker: Worker) -> None:
        """Strike out a worker that ends as it should."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zrem(keys.WORKERS, worker.process)
        pipe.delete(keys.beat(worker.process))
        pipe.execute()

    def read(self) -> Roll:
        """Return who is there and who is lost, in two round trips."""
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.zrevrange(keys.WORKERS, 0, MOST - 1, withscores=True)
        pipe.pubsub_channels(keys.abort_channel("*"))
        moment, heard, channels = pipe.execute()
        now_ms = self._clock() or redis_ms(moment)
        beating = {process.decode(): int(at_ms) for process, at_ms in heard}
        silent = sorted(_listeners(channels) - {one.split(_SEPARATOR)[0] for one in beating})
        return _roll(now_ms, [*self._beats(beating), *self._without_beats(silent, now_ms)])

    def names_heard(self, most: int = MOST) -> set[str]:
        """Return the names of workers that live, of so many heard last, in one round trip."""
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.zrevrange(keys.WORKERS, 0, most - 1, withscores=True)
        moment, heard = pipe.execute()
        lost_before_ms = _lost_before_ms(self._clock() or redis_ms(moment))
        return {
            process.decode().split(_SEPARATOR)[0]
            for process, at_ms in heard
            if at_ms >= lost_before_ms
        }

    def _beats(self, beating: Mapping[str, int]) -> list[Heard]:
        pipe = self._client.pipeline(transaction=False)
        for process in beating:
            pipe.hgetall(keys.beat(process))
        # One that ended in between has no fields.
        return [
            Heard(Worker(**{name.decode(): json.loads(value) for name, value in row.items()}), at)
            for row, at in zip(pipe.execute(), beating.values(), strict=True)
            if row
        ]

    def _without_beats(self, names: list[str], now_ms: int) -> list[Heard]:
        """Return workers of a version that has no beats yet, found where they hear of aborts.

        That is chat workers only: nothing else tells of them but a look at every key there is.
        """
        texts: Any = self._client.mget([keys.worker(name) for name in names]) if names else []
        return [Heard(_without_beat(json.loads(text)), now_ms) for text in texts if text]


def _listeners(channels: Iterable[bytes]) -> set[str]:
    prefix = keys.abort_channel("")
    return {channel.decode().removeprefix(prefix) for channel in channels}


def _without_beat(told: Mapping[str, Any]) -> Worker:
    return Worker(
        name=told["name"],
        pid=told["pid"],
        queues=told["queues"],
        counts={name: told.get(name, 0) for name in COUNTS},
        running_jobs=told.get("runningJobs", 0),
        running=tuple(
            Running(job=one["job"], since_ms=round(one["since"] * 1000))
            for one in told.get("running", ())
        ),
    )


def _lost_before_ms(now_ms: int) -> float:
    return now_ms - LOST_AFTER_S * 1000


def _roll(now_ms: int, heard: Sequence[Heard]) -> Roll:
    by_name = sorted(heard, key=lambda one: one.worker.process)
    by_time = sorted(heard, key=lambda one: -one.at_ms)
    lost_before_ms = _lost_before_ms(now_ms)
    return Roll(
        now_ms,
        live=tuple(one for one in by_name if one.at_ms >= lost_before_ms),
        lost=tuple(one for one in by_time if one.at_ms < lost_before_ms),
    )
