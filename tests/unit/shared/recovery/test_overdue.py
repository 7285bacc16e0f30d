"""Deliveries that wait for a receiver for longer than their schedule takes are given up."""

from __future__ import annotations

import json

import pytest
import redis

from shared.callbacks.delivery import Delivery, DeliveryAttempt, DeliveryState, Health, NextStep
from shared.callbacks.delivery_index import DeliveryIndex, Query
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.events import Event
from shared.callbacks.subscriptions import SubscriptionStore
from shared.jobs.job import Job
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery import overdue as overdue_module
from shared.recovery.overdue import OverdueDeliveries
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings

SETTINGS = new_settings()
LIFE_S = SETTINGS.callback_life_s
URL = "https://dead.example/cb"
QUEUE = task_names.CALLBACKS_QUEUE


@pytest.fixture
def overdue(ledger_redis: redis.Redis, fake_clock: FakeClock) -> OverdueDeliveries:
    return OverdueDeliveries(ledger_redis, SETTINGS, fake_clock)


@pytest.fixture
def jobs(job_store: JobStore, lists: MessageLists) -> list[Job]:
    """Three jobs with deliveries to one receiver; the first has an attempt under way."""
    return [delivering(job_store, lists) for _ in range(3)]


def delivering(store: JobStore, lists: MessageLists) -> Job:
    job_id = store.accept(new_job(reply_to=URL)).id
    claim = store.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    store.execute(job_id, claim.attempt, Result.response(b"{}"))
    job = store.get(job_id)
    assert job is not None
    store.complete([job])
    return job


def read(store: DeliveryStore, job: Job) -> Delivery:
    delivery = store.get(job.id)
    assert delivery is not None
    return delivery


def test_life_covers_the_whole_schedule_with_its_jitter() -> None:
    assert sum(SETTINGS.callback_pauses_s) * 1.2 < LIFE_S


def test_delivery_is_given_up_wherever_it_waits(
    overdue: OverdueDeliveries,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    jobs: list[Job],
    lists: MessageLists,
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
) -> None:
    delayed, parked, in_line = jobs
    claim = delivery_store.claim(delayed.id)
    assert claim is not None
    assert delivery_store.claim(parked.id) is None
    row = DeliveryAttempt(claim.attempt, "schedule", claim.now_ms, 1, "")
    later = NextStep(DeliveryState.PENDING, "the receiver answered 500", LIFE_S, Health.FAILED)
    assert delivery_store.finish(delayed, claim, row, later)
    fake_clock.advance(LIFE_S - 1)
    assert overdue.give_up() == 0
    fake_clock.advance(1)

    assert [overdue.give_up(), overdue.give_up()] == [3, 0]

    for job, why in ((delayed, "answered 500"), (parked, "room"), (in_line, "room")):
        delivery = read(delivery_store, job)
        assert delivery.state is DeliveryState.EXHAUSTED
        assert f"{LIFE_S / 3600:.0f} hours" in delivery.reason
        assert why in delivery.reason
        assert ledger_redis.pttl(keys.delivery(job.id)) > 0
        assert delivery_store.claim(job.id) is None
    fake_clock.advance(3600)
    assert recovery.return_deliveries() == recovery.repush_deliveries() == 0
    recovery.wake_receivers()
    for name in (keys.DELIVERIES_DELAYED, keys.ENDPOINTS_WAKES, keys.line(QUEUE, 0)):
        assert ledger_redis.zcard(name) == 0


def test_attempt_under_way_is_not_broken_off(
    overdue: OverdueDeliveries,
    delivery_store: DeliveryStore,
    jobs: list[Job],
    fake_clock: FakeClock,
) -> None:
    claim = delivery_store.claim(jobs[0].id)
    assert claim is not None
    fake_clock.advance(LIFE_S)

    assert overdue.give_up() == 2

    row = DeliveryAttempt(claim.attempt, "schedule", claim.now_ms, 1, "")
    assert delivery_store.finish(jobs[0], claim, row, NextStep(DeliveryState.DELIVERED, "200"))


def test_replayed_delivery_has_its_whole_life_again(
    overdue: OverdueDeliveries,
    delivery_store: DeliveryStore,
    jobs: list[Job],
    fake_clock: FakeClock,
) -> None:
    fake_clock.advance(LIFE_S)
    assert overdue.give_up() == 3
    delivery_store.replay(jobs[0])

    assert overdue.give_up() == 0
    fake_clock.advance(LIFE_S)
    assert overdue.give_up() == 1


def test_replayed_ones_hide_none_behind_them(
    overdue: OverdueDeliveries,
    delivery_store: DeliveryStore,
    jobs: list[Job],
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overdue_module, "_BATCH", 1)
    delivery_store.cancel(jobs[0])
    fake_clock.advance(LIFE_S)
    delivery_store.replay(jobs[0])
    assert [overdue.give_up() for _ in range(6)] == [0, 1, 1, 0, 0, 0]
    assert read(delivery_store, jobs[0]).state is DeliveryState.PENDING


def test_subscription_hears_that_a_callback_was_given_up_but_not_an_event(
    overdue: OverdueDeliveries,
    job_store: JobStore,
    jobs: list[Job],
    ledger_redis: redis.Redis,
    fake_clock: FakeClock,
) -> None:
    subscriptions = SubscriptionStore(ledger_redis, fake_clock)
    subscriptions.create(jobs[0].owner, "https://dead.example/events", (Event.CALLBACK_EXHAUSTED,))
    fake_clock.advance(LIFE_S)
    assert overdue.give_up() == 3

    query = Query(owner=jobs[0].owner, states=(DeliveryState.PENDING,), oldest_first=True)
    found = DeliveryIndex(ledger_redis, fake_clock).find(query, 0, 10).results
    record = job_store.get(found[0].delivery.id)
    assert record is not None
    told = json.loads(record.response or b"")
    assert (told["type"], told["data"]["id"]) == ("callback.exhausted", jobs[0].id)
    assert "hours" in told["data"]["reason"]
    fake_clock.advance(LIFE_S)
    assert overdue.give_up() == len(found) == 3
    assert DeliveryIndex(ledger_redis, fake_clock).find(query, 0, 10).results == []
