"""Says in the book of workers that this process lives, what it serves and what it does."""

from __future__ import annotations

import contextlib
import heapq
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from redis.exceptions import RedisError

from shared.telemetry.workers import Running, Worker, WorkerBook
from workers.callbacks.deps import CallbackDeps
from workers.chat.deps import ChatDeps

#: Most jobs and callbacks that are named as running, those that run longest.
_SHOWN: Final = 10


class Heartbeat:
    """One beat a call, until `end`."""

    def __init__(
        self,
        chat: ChatDeps,
        callbacks: CallbackDeps,
        *,
        queues: Callable[[], Iterable[str]],
        slots: int,
        busy: Callable[[], int],
        stopping: Callable[[], bool],
    ) -> None:
        """`busy`: how many slots are taken; `stopping`: whether the worker was told to stop."""
        self._chat, self._callbacks = chat, callbacks
        self._queues = queues
        self._busy = busy
        self._stopping = stopping
        self._book = WorkerBook(chat.process.redis)
        self._self = Worker(
            name=chat.process.name,
            started_ms=round(chat.process.clock() * 1000),
            pid=os.getpid(),
            host=socket.gethostname(),
            version=_version(),
            slots=slots,
        )
        self._has_ended = False
        # A beat on its way would bring back what `end` has struck out.
        self._one_at_a_time = threading.Lock()

    def __call__(self) -> None:
        """Say how things are. Raises redis.RedisError."""
        with self._one_at_a_time:
            if not self._has_ended:
                self._book.beat(self._now())

    def end(self) -> None:
        """Strike this process out; a book that is away shows it as lost for a while."""
        with self._one_at_a_time, contextlib.suppress(RedisError):
            self._has_ended = True
            self._book.leave(self._self)

    def _now(self) -> Worker:
        claims = self._chat.running.claims()
        rows = [
            Running(job=one.id, since_ms=one.now_ms, model=one.model, provider=one.chosen)
            for one in claims
        ]
        rows += [
            Running(job=one.id, since_ms=one.now_ms) for one in self._callbacks.leases.claims()
        ]
        return self._self.model_copy(
            update={
                "queues": tuple(sorted(self._queues())),
                "busy": self._busy(),
                "stopping": self._stopping(),
                "memory_bytes": _memory_bytes(),
                "cpu_s": round(time.process_time(), 3),
                "counts": dict(self._chat.routing.traffic.counts),
                "running_jobs": len(rows),
                "models": Counter(one.model for one in claims),
                "providers": Counter(one.chosen for one in claims if one.chosen),
                "running": tuple(heapq.nsmallest(_SHOWN, rows, key=lambda row: row.since_ms)),
            }
        )


def _memory_bytes() -> int | None:
    """Return what this process holds in memory; None where that is not told in /proc."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _version() -> str:
    """Return the version of the package; nothing of one that runs from its sources."""
    try:
        return version("replyto")
    except PackageNotFoundError:
        return ""
