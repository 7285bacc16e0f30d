"""Follows the streams of many jobs with one blocking read of Redis per gateway process."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from shared.chunk_store import START, ChunkStore, Entry

log = logging.getLogger(__name__)

#: How long one read waits at most (seconds).
_BLOCK_S: Final = 1.0
_RECONNECT_S: Final = 0.5
#: With more followers than this, a pause after each read lets entries of several streams come
#: together (seconds): else there would be a read for each.
_MANY: Final = 16
_GATHER_S: Final = 0.005


class Follower:
    """One request that follows one job's stream."""

    def __init__(self, job_id: int, after: str) -> None:
        self.job_id = job_id
        self.last = after
        self._entries: queue.SimpleQueue[Entry] = queue.SimpleQueue()

    def put(self, entry: Entry) -> None:
        """Hand over an entry; one that it has had already is dropped."""
        if _place(entry.id) > _place(self.last):
            self.last = entry.id
            self._entries.put(entry)

    def next(self, timeout_s: float) -> list[Entry]:
        """Return the entries that are there, waiting for one; none when none has come in time."""
        found: list[Entry] = []
        with suppress(queue.Empty):
            found.append(self._entries.get(timeout=timeout_s))
            while True:
                found.append(self._entries.get_nowait())
        return found


class ChunkReader:
    """All followers of this process. Reads when the first one comes."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store
        self._process = uuid.uuid4().hex[:12]
        self._woken = START
        self._followers: dict[int, list[Follower]] = {}
        self._someone = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def follow(self, job_id: int, after: str = START) -> Iterator[Follower]:
        """Follow a job's stream from behind an entry for the length of the block."""
        follower = Follower(job_id, after)
        self._start()
        self._followers.setdefault(job_id, []).append(follower)
        try:
            self._someone.set()
            self._store.wake(self._process)
            yield follower
        finally:
            self._followers[job_id].remove(follower)
            if not self._followers[job_id]:
                del self._followers[job_id]

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chunks", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._someone.clear()
            if not self._followers:
                self._someone.wait()
            try:
                self._read()
            except Exception as exc:
                log.warning("streams lost their connection, reading again: %r", exc)
                time.sleep(_RECONNECT_S)

    def _read(self) -> None:
        # Whoever comes during the read may be further behind than it began: not for them.
        readers = {job_id: list(some) for job_id, some in self._followers.items()}
        # Of several followers of one job the one furthest behind says where to read from.
        after = {
            job_id: min((f.last for f in some), key=_place) for job_id, some in readers.items()
        }
        read = self._store.read(after, (self._process, self._woken), _BLOCK_S)
        self._woken = read.woken
        for job_id, entries in read.entries.items():
            for follower in readers[job_id]:
                for entry in entries:
                    follower.put(entry)
        if len(after) > _MANY:
            time.sleep(_GATHER_S)


def _place(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)
