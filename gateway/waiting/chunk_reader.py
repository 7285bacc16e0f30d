"""Follows the streams of many jobs with one blocking read of Redis per gateway process."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from redis.exceptions import RedisError

from shared.errors import TooManyWaiting
from shared.ledger.chunk_store import PAGE, START, ChunkStore, Entry
from shared.named_error import named

log = logging.getLogger(__name__)

#: How long one read waits at most (seconds).
_BLOCK_S: Final = 1.0
_RECONNECT_S: Final = 0.5
#: With more followers than this, a pause after each read lets entries of several streams come
#: together (seconds): else there would be a read for each.
_MANY: Final = 16
_GATHER_S: Final = 0.005
#: Most bytes that wait in memory for one follower whose client reads slowly, but for one entry.
_MOST_BYTES: Final = 256 * 1024
#: Entries of a follower's first page; later ones are as many as fit into those bytes.
_FIRST_PAGE: Final = 20


class Follower:
    """One request that follows one job's stream.

    It begins behind: what is there already it reads for itself, page by page, as fast as its client
    takes it. Then it is live, and the reader hands over what comes. A client that is too slow for
    that falls behind again: memory holds no more of a stream than it may.
    """

    def __init__(
        self, job_id: int, after: str, store: ChunkStore, wake: Callable[[], None] = lambda: None
    ) -> None:
        self.job_id = job_id
        #: The last entry that it has, or that waits for it.
        self.last = after
        self.is_live = False
        self._store = store
        self._wake = wake
        self._entries: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._count = _FIRST_PAGE

    def put(self, entry: Entry) -> None:
        """Hand over an entry; dropped is one that it has had, or has no room for."""
        if not self.is_live or _place(entry.id) <= _place(self.last):
            return
        if self._waiting_bytes > _MOST_BYTES:
            self.is_live = False
            return
        self._waiting_bytes += entry.size_bytes
        self.last = entry.id
        self._entries.put(entry)

    def next(self, timeout_s: float) -> list[Entry]:
        """Return the entries that are there, waiting for one; none when none has come in time.

        Raises redis.RedisError while it is behind.
        """
        found = self._taken() or self._page()
        if not found:
            with suppress(queue.Empty):
                found.append(self._entries.get(timeout=timeout_s))
                self._waiting_bytes -= found[0].size_bytes
                found += self._taken()
        return found

    def catch_up(self) -> None:
        """Read for oneself at the next look: the reader may have lost its connection."""
        self.is_live = False

    def _taken(self) -> list[Entry]:
        found: list[Entry] = []
        with suppress(queue.Empty):
            while True:
                found.append(self._entries.get_nowait())
                self._waiting_bytes -= found[-1].size_bytes
        return found

    def _page(self) -> list[Entry]:
        """Return a page of what it is behind with; live from then on if that was all."""
        if self.is_live:
            return []
        page, is_last = self._store.page(self.job_id, self.last, self._count)
        if page:
            self.last = page[-1].id
            average = sum(entry.size_bytes for entry in page) // len(page)
            self._count = min(max(_MOST_BYTES // (average + 1), 1), PAGE)
        if is_last:
            # From here on: the reader asks for what is behind `last`, so nothing is missed.
            self.is_live = True
            self._wake()
        return page


class ChunkReader:
    """All followers of this process. Reads when the first one comes."""

    def __init__(self, store: ChunkStore, limit: int = 2_000) -> None:
        self._store = store
        self._limit = limit
        self._seats = 0
        self._process = uuid.uuid4().hex[:12]
        self._woken = START
        self._followers: dict[int, list[Follower]] = {}
        self._someone = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Count one more stream for the length of the block.

        To be taken before a job is made. Raises TooManyWaiting when there are as many as may be.
        """
        if self._seats >= self._limit:
            raise TooManyWaiting(
                "As many streams as may be are open here; try again, or queue the job.",
                retry_after_s=1,
            )
        self._seats += 1
        try:
            yield
        finally:
            self._seats -= 1

    @contextmanager
    def follow(self, job_id: int, after: str = START) -> Iterator[Follower]:
        """Follow a job's stream from behind an entry for the length of the block."""
        follower = Follower(job_id, after, self._store, self._wake)
        self._start()
        self._followers.setdefault(job_id, []).append(follower)
        try:
            yield follower
        finally:
            self._followers[job_id].remove(follower)
            if not self._followers[job_id]:
                del self._followers[job_id]

    def _wake(self) -> None:
        """Let the reader see at once who has become live; else it sees it after this read."""
        self._someone.set()
        try:
            self._store.wake(self._process)
        except RedisError as exc:
            log.warning("the reader of streams was not woken: %s", named(exc))

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chunks", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._someone.clear()
            if not self._live():
                self._someone.wait()
            try:
                self._read()
            except Exception as exc:
                log.warning("streams lost their connection, reading again: %s", named(exc))
                time.sleep(_RECONNECT_S)

    def _live(self) -> dict[int, list[Follower]]:
        """Return who is live now, by job."""
        live = {
            job_id: [follower for follower in some if follower.is_live]
            for job_id, some in self._followers.items()
        }
        return {job_id: some for job_id, some in live.items() if some}

    def _read(self) -> None:
        # Whoever comes during the read may be further behind than it began: not for them.
        readers = self._live()
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
