"""The book of worker processes: who is heard, who is lost, who has left."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from shared.store import redis_keys as keys
from shared.telemetry.workers import (
    BEAT_S,
    KEPT_S,
    LOST_AFTER_S,
    MOST,
    Running,
    Worker,
    WorkerBook,
)
from tests.support.factories import START_MS, FakeClock


@pytest.fixture
def book(ledger_redis: redis.Redis, fake_clock: FakeClock) -> WorkerBook:
    return WorkerBook(ledger_redis, fake_clock)


def worker(name: str = "chat1@vm", started_ms: int = START_MS, **fields: Any) -> Worker:
    return Worker(name=name, started_ms=started_ms, pid=7, **fields)


def names(book: WorkerBook) -> tuple[list[str], list[str]]:
    """Return who is heard and who is lost."""
    roll = book.read()
    return [one.worker.name for one in roll.live], [one.worker.name for one in roll.lost]


def test_worker_is_read_as_it_told_of_itself(book: WorkerBook, fake_clock: FakeClock) -> None:
    told = worker(
        host="vm",
        version="1.2",
        queues=("chat.a", "chat.b", "callbacks"),
        slots=10,
        busy=2,
        counts={"received": 3},
        running_jobs=2,
        models={"a": 1},
        providers={"acme": 1},
        running=(Running(job=4, since_ms=START_MS, model="a", provider="acme"),),
    )
    book.beat(told)
    fake_clock.advance(1)

    (heard,) = book.read().live

    assert heard.worker == told
    assert heard.at_ms == START_MS
    assert told.pools == ("chat", "callbacks")


def test_worker_that_falls_silent_is_lost_and_later_forgotten(
    book: WorkerBook, fake_clock: FakeClock
) -> None:
    book.beat(worker("dies@vm"))
    fake_clock.advance(LOST_AFTER_S)
    book.beat(worker("lives@vm"))
    assert names(book) == (["dies@vm", "lives@vm"], [])

    fake_clock.advance(BEAT_S)
    book.beat(worker("lives@vm"))
    assert names(book) == (["lives@vm"], ["dies@vm"])

    fake_clock.advance(KEPT_S)
    book.beat(worker("lives@vm"))
    assert names(book) == (["lives@vm"], [])


def test_worker_that_was_only_late_is_not_lost_any_more(
    book: WorkerBook, fake_clock: FakeClock
) -> None:
    book.beat(worker())
    fake_clock.advance(LOST_AFTER_S + 1)
    assert names(book) == ([], ["chat1@vm"])

    book.beat(worker())

    assert names(book) == (["chat1@vm"], [])


def test_worker_that_leaves_leaves_nothing(book: WorkerBook, ledger_redis: redis.Redis) -> None:
    book.beat(worker())
    book.leave(worker())

    assert names(book) == ([], [])
    assert ledger_redis.keys() == []


def test_worker_that_comes_back_under_its_name_hides_no_loss(
    book: WorkerBook, fake_clock: FakeClock
) -> None:
    book.beat(worker(running=(Running(job=4, since_ms=START_MS),)))
    fake_clock.advance(LOST_AFTER_S + 1)
    book.beat(worker(started_ms=fake_clock()))

    roll = book.read()

    assert [one.worker.started_ms for one in roll.live] == [fake_clock()]
    assert [one.worker.running[0].job for one in roll.lost] == [4]


def test_book_is_forgotten_when_nobody_beats_any_more(
    book: WorkerBook, ledger_redis: redis.Redis
) -> None:
    book.beat(worker())

    lives = [ledger_redis.pttl(key) for key in (keys.WORKERS, keys.beat(worker().process))]

    assert all(0 < life <= KEPT_S * 1000 for life in lives)


def test_beat_from_before_the_clock_was_set_back_is_forgotten(
    book: WorkerBook, fake_clock: FakeClock
) -> None:
    book.beat(worker("dies@vm"))
    fake_clock.advance(-2 * KEPT_S)
    book.beat(worker("lives@vm"))

    assert names(book) == (["lives@vm"], [])


def test_worker_without_beats_is_found_where_it_hears_of_aborts(
    book: WorkerBook, ledger_redis: redis.Redis
) -> None:
    told = {
        "name": "old@vm",
        "pid": 9,
        "queues": ["chat.m"],
        "received": 5,
        "runningJobs": 1,
        "running": [{"job": 3, "since": START_MS / 1000}],
    }
    ledger_redis.set(keys.worker("old@vm"), json.dumps(told))
    book.beat(worker("new@vm"))
    with ledger_redis.pubsub() as pubsub:
        pubsub.subscribe(*map(keys.abort_channel, ("old@vm", "new@vm", "starts@vm")))
        pubsub.get_message(timeout=60)

        old, new = sorted(book.read().live, key=lambda one: one.worker.name, reverse=True)

    assert new.worker.name == "new@vm"
    assert (old.worker.name, old.worker.slots, old.worker.queues) == ("old@vm", None, ("chat.m",))
    assert old.worker.running == (Running(job=3, since_ms=START_MS),)
    assert old.worker.counts["received"] == 5


def test_fields_of_a_later_version_are_passed_over(
    book: WorkerBook, ledger_redis: redis.Redis
) -> None:
    book.beat(worker())
    ledger_redis.hset(keys.beat(worker().process), "mood", json.dumps("good"))

    assert names(book) == (["chat1@vm"], [])


def test_no_more_are_told_of_than_a_page_can_show(book: WorkerBook, fake_clock: FakeClock) -> None:
    for number in range(MOST + 3):
        fake_clock.advance(0.001)
        book.beat(worker(f"w{number}"))

    live, _ = names(book)

    assert len(live) == MOST
    assert "w0" not in live
