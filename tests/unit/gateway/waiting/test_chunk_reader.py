"""The reader of streams: one read for all followers of a process, each from its own place."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from gateway.waiting import chunk_reader
from gateway.waiting.chunk_reader import ChunkReader, Follower
from shared.errors import TooManyWaiting
from shared.jobs.moves import Claim, Result
from shared.ledger.chunk_store import START, Batch, ChunkStore, Entry, Read
from shared.ledger.job_store import JobStore
from tests.support.factories import new_job

#: Longest wait for what must come (seconds).
SOON_S = 60.0


class ScriptedStore:
    """Stands for the ledger: each read waits until the test says what it brings."""

    def __init__(self) -> None:
        self.reads: queue.Queue[dict[int, str]] = queue.Queue()
        self.wakes: list[str] = []
        #: What followers find that read for themselves; the last page is the rest.
        self.pages: list[list[Entry]] = []
        self.asked: list[str] = []
        self.counts: list[int] = []
        self._answers: queue.Queue[Any] = queue.Queue()

    def read(self, after: Mapping[int, str], wake: tuple[str, str], block_s: float) -> Read:
        self.reads.put(dict(after))
        answer = self._answers.get(timeout=SOON_S)
        if isinstance(answer, Exception):
            raise answer
        return Read(answer, "1-0")

    def answer(self, answer: Any) -> dict[int, str]:
        """Let one read end; return which it was."""
        asked = self.reads.get(timeout=SOON_S)
        self._answers.put(answer)
        return asked

    def page(self, job_id: int, after: str, count: int) -> tuple[list[Entry], bool]:
        self.asked.append(after)
        self.counts.append(count)
        return (self.pages.pop(0) if self.pages else []), not self.pages

    def wake(self, process: str) -> None:
        self.wakes.append(process)


@pytest.fixture
def store() -> ScriptedStore:
    return ScriptedStore()


@pytest.fixture
def reader(store: ScriptedStore) -> ChunkReader:
    return ChunkReader(store)  # type: ignore[arg-type]


@contextmanager
def live(reader: ChunkReader, job_id: int, after: str = START) -> Iterator[Follower]:
    """Follow a stream of which nothing is there yet."""
    with reader.follow(job_id, after) as follower:
        assert follower.next(0) == []
        yield follower


def entry(number: int) -> Entry:
    return Entry(f"{number}-0", (b"%d" % number,))


def numbers(entries: list[Entry]) -> list[int]:
    return [int(entry.id.partition("-")[0]) for entry in entries]


def test_followers_of_many_jobs_are_served_by_one_read(
    store: ScriptedStore, reader: ChunkReader
) -> None:
    with live(reader, 1) as one, live(reader, 2, "5-0") as two:
        store.answer({})
        asked = store.answer({1: [entry(1)], 2: [entry(6)]})
        assert asked == {1: START, 2: "5-0"}
        assert numbers(one.next(SOON_S)) == [1]
        assert numbers(two.next(SOON_S)) == [6]
        assert store.answer({}) == {1: "1-0", 2: "6-0"}


def test_followers_of_one_job_each_get_what_they_have_not_had(
    store: ScriptedStore, reader: ChunkReader
) -> None:
    with live(reader, 1, "2-0") as ahead, live(reader, 1) as behind:
        store.answer({})
        assert store.answer({1: [entry(1), entry(2), entry(3)]}) == {1: START}
        assert numbers(ahead.next(SOON_S)) == [3]
        assert numbers(behind.next(SOON_S)) == [1, 2, 3]
        store.answer({})


def test_follower_that_comes_during_a_read_misses_nothing(
    store: ScriptedStore, reader: ChunkReader
) -> None:
    """The read began behind what the new one has not had yet."""
    with live(reader, 1, "3-0") as early:
        asked = store.reads.get(timeout=SOON_S)
        assert asked == {1: "3-0"}
        with live(reader, 1, "1-0") as late:
            store._answers.put({1: [entry(4)]})
            assert numbers(early.next(SOON_S)) == [4]
            assert store.answer({1: [entry(2), entry(3), entry(4)]}) == {1: "1-0"}
            assert numbers(late.next(SOON_S)) == [2, 3, 4]
            store.answer({})


def test_new_follower_wakes_the_reader(store: ScriptedStore, reader: ChunkReader) -> None:
    with live(reader, 1):
        assert store.reads.get(timeout=SOON_S) == {1: START}
        with live(reader, 2):
            assert len(store.wakes) == 2
            assert len(set(store.wakes)) == 1
            store._answers.put({})
            assert store.answer({}) == {1: START, 2: START}
            assert store.reads.get(timeout=SOON_S)
    store._answers.put({})


def test_reader_reads_again_after_a_failure(
    store: ScriptedStore, reader: ChunkReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_reader, "_RECONNECT_S", 0.0)
    with live(reader, 1) as follower:
        store.answer(redis.ConnectionError("away"))
        store.answer(ValueError("a fault of our own must not end all streams"))
        store.answer({1: [entry(1)]})
        assert numbers(follower.next(SOON_S)) == [1]
        store.answer({})


def test_reader_rests_while_nobody_follows(store: ScriptedStore, reader: ChunkReader) -> None:
    with live(reader, 1):
        store.reads.get(timeout=SOON_S)
    store._answers.put({})
    with pytest.raises(queue.Empty):
        store.reads.get(timeout=0.05)
    with live(reader, 2):
        assert store.answer({}) == {2: START}
        store.reads.get(timeout=SOON_S)
    store._answers.put({})


def test_follower_is_served_when_the_reader_could_not_be_woken(
    store: ScriptedStore, reader: ChunkReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To wake it only saves a second: what was read before must not be lost for that."""

    def away(process: str) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(store, "wake", away)
    store.pages = [[entry(1)]]
    with reader.follow(1) as follower:
        assert numbers(follower.next(0)) == [1]
        assert store.answer({1: [entry(2)]}) == {1: "1-0"}
        assert numbers(follower.next(SOON_S)) == [2]
        store.answer({})
    assert reader._followers == {}


def test_follower_drops_what_it_has_had(store: ScriptedStore) -> None:
    """Ids are compared as numbers, not as texts."""
    follower = Follower(1, "9-5", store)  # type: ignore[arg-type]
    assert follower.next(0) == []
    for entry_id in ("9-4", "9-5", "9-10", "10-0", "9-11"):
        follower.put(Entry(entry_id))
    assert [e.id for e in follower.next(0)] == ["9-10", "10-0"]
    assert follower.next(0) == []


# --- clients that read slowly ---------------------------------------------------------------------


def test_follower_reads_page_by_page_what_was_there_before_it_is_live(
    store: ScriptedStore, reader: ChunkReader
) -> None:
    store.pages = [[entry(1), entry(2)], [entry(3), entry(4)], [entry(5)]]
    with reader.follow(1) as follower:
        assert numbers(follower.next(0)) == [1, 2]
        assert not follower.is_live
        assert store.wakes == []
        assert numbers(follower.next(0)) == [3, 4]
        assert numbers(follower.next(0)) == [5]
        assert store.asked == [START, "2-0", "4-0"]
        assert store.answer({1: [entry(6)]}) == {1: "5-0"}
        assert numbers(follower.next(SOON_S)) == [6]
        store.answer({})


def test_follower_that_does_not_read_holds_no_more_than_it_may_and_misses_nothing(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_reader, "_MOST_BYTES", 5)
    follower = Follower(1, START, store)  # type: ignore[arg-type]
    assert follower.next(0) == []
    for number in range(10, 100):
        follower.put(entry(number))
    assert not follower.is_live
    assert follower._entries.qsize() == 3
    store.pages = [[entry(13), entry(14)], [entry(15)]]
    assert numbers(follower.next(0)) == [10, 11, 12]
    assert numbers(follower.next(0)) == [13, 14]
    assert store.asked[1:] == ["12-0"]
    assert numbers(follower.next(0)) == [15]
    assert follower.is_live
    for number in range(14, 18):
        follower.put(entry(number))
    assert numbers(follower.next(0)) == [16, 17]


def test_pages_are_as_large_as_fits_into_memory(store: ScriptedStore) -> None:
    large, small = Entry("1-0", (b"x" * 100_000,)), Entry("2-0", (b"x",))
    store.pages = [[large], [small], [Entry("3-0", (b"x" * 1_000_000,))], [], []]
    follower = Follower(1, START, store)  # type: ignore[arg-type]
    for _ in range(4):
        follower.next(0)
    assert store.counts == [20, 2, 100, 1]


def test_slow_follower_is_not_read_for(store: ScriptedStore, reader: ChunkReader) -> None:
    with live(reader, 1) as slow, live(reader, 2) as quick:
        slow.catch_up()
        while store.answer({}) != {2: START}:
            pass
        assert store.answer({2: [entry(1)]}) == {2: START}
        assert numbers(quick.next(SOON_S)) == [1]
        store.answer({})


def test_streams_are_limited(store: ScriptedStore) -> None:
    reader = ChunkReader(store, 2)  # type: ignore[arg-type]
    with reader.seat():
        with reader.seat():
            with pytest.raises(TooManyWaiting) as refused, reader.seat():
                pass
            assert refused.value.retry_after_s == 1
        with reader.seat():
            pass


@pytest.mark.integration
def test_follower_gets_a_stream_to_its_end_from_a_real_redis(
    real_redis: redis.Redis, settings: Any
) -> None:
    jobs, chunks = JobStore(real_redis, settings), ChunkStore(real_redis)
    claim = _started(jobs)
    reader = ChunkReader(chunks)
    got: list[Entry] = []
    with reader.follow(claim.id) as early:
        for number in range(1, 51):
            chunks.append([Batch(claim.id, claim.attempt, number, [b"%d" % number])])
        with reader.follow(claim.id) as late:
            jobs.execute(claim.id, claim.attempt, Result.response(b"{}"))
            for follower in (early, late):
                while not got or got[-1].end is None:
                    got += follower.next(SOON_S)
                texts = [chunk for e in got for chunk in e.chunks]
                assert texts == [b"%d" % number for number in range(1, 51)]
                got.clear()


def _started(jobs: JobStore) -> Claim:
    claim = jobs.claim(jobs.accept(new_job(streamed=True)).id, "chat.m", 5, "w1")
    assert claim is not None
    return claim
