"""The chunks of streamed jobs: one capped Redis Stream a job, written by its attempt alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.jobs.job import JobState
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.scripts import Call

#: Most entries kept of one job; an entry holds the chunks of some 20 ms.
_MOST_ENTRIES: Final = 100_000
#: Most entries of one stream that are read at once.
PAGE: Final = 100
#: Between the chunks of one entry: JSON holds no such byte.
_SEPARATOR: Final = b"\x1e"

#: The id before all entries.
START: Final = "0-0"


@dataclass(frozen=True, slots=True)
class Batch:
    """Chunks that an attempt appends together. `number` counts its batches, from 1."""

    job_id: int
    attempt: int
    number: int
    chunks: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """Some chunks, or the end of the stream with the job's outcome."""

    id: str
    chunks: tuple[bytes, ...] = ()
    end: JobState | None = None

    @property
    def size_bytes(self) -> int:
        """What its chunks take."""
        return sum(map(len, self.chunks))


@dataclass(frozen=True, slots=True)
class Read:
    """What one read brought: entries by job, and the id of the last wake-up."""

    entries: dict[int, list[Entry]]
    woken: str


class ChunkStore(Store):
    """Appends and reads chunks. Raises redis.RedisError."""

    def append(self, batches: Sequence[Batch]) -> list[bool]:
        """Append batches in one round trip; False where another attempt has the job.

        A batch may come again, whether it arrived or not: it is kept once.
        """
        calls = [
            Call(
                "append",
                [keys.job(batch.job_id), keys.chunks(batch.job_id)],
                [batch.attempt, batch.number, _MOST_ENTRIES, _SEPARATOR.join(batch.chunks)],
            )
            for batch in batches
        ]
        return [bool(answer) for answer in self._scripts.run_all(calls)]

    def read(self, after: Mapping[int, str], wake: tuple[str, str], block_s: float) -> Read:
        """Wait for entries behind the given ids, of many jobs at once, or for a wake-up."""
        streams: dict[Any, Any] = {keys.chunks(job_id): last for job_id, last in after.items()}
        wake_key = keys.wake_stream(wake[0])
        streams[wake_key] = wake[1]
        answer: Any = self._client.xread(streams, count=PAGE, block=round(block_s * 1000))
        jobs = {keys.chunks(job_id).encode(): job_id for job_id in after}
        found = {jobs[key]: [_entry(*row) for row in rows] for key, rows in answer if key in jobs}
        wakes = [rows[-1][0].decode() for key, rows in answer if key not in jobs]
        return Read(found, wakes[0] if wakes else wake[1])

    def read_from(self, job_id: int, first: str) -> list[Entry]:
        """Return the entries from this id on, the entry itself included."""
        rows: Any = self._client.xrange(keys.chunks(job_id), min=first)
        return [_entry(*row) for row in rows]

    def page(self, job_id: int, after: str, count: int = PAGE) -> tuple[list[Entry], bool]:
        """Return so many entries behind this id, and whether those are all there are."""
        rows: Any = self._client.xrange(keys.chunks(job_id), min=f"({after}", count=count)
        return [_entry(*row) for row in rows], len(rows) < count

    def wake(self, process: str) -> None:
        """End the wait of that process's reader."""
        pipe = self._client.pipeline(transaction=False)
        pipe.xadd(keys.wake_stream(process), {"w": "1"}, maxlen=1, approximate=False)
        pipe.expire(keys.wake_stream(process), 60)
        pipe.execute()


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    if b"end" in fields:
        return Entry(entry_id.decode(), end=JobState(fields[b"end"].decode()))
    return Entry(entry_id.decode(), chunks=tuple(fields[b"chunks"].split(_SEPARATOR)))
