"""Subscriptions: an owner's URLs are told of its events, each told like any callback."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from shared.callbacks.delivery import DeliveryAttempt, DeliveryState, NextStep
from shared.callbacks.delivery_index import DeliveryIndex, Found, Query
from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.events import Event
from shared.callbacks.subscriptions import SubscriptionStore
from shared.errors import SubscriptionNotFound, TooManySubscriptions
from shared.jobs.job import Job
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.store import redis_keys as keys
from tests.support.factories import START_MS, FakeClock, MessageLists, new_job

URL = "https://a.example/events?key='1'&b=%20é"


@pytest.fixture
def subscriptions(ledger_redis: redis.Redis, fake_clock: FakeClock) -> SubscriptionStore:
    return SubscriptionStore(ledger_redis, fake_clock)


@pytest.fixture
def index(ledger_redis: redis.Redis, fake_clock: FakeClock) -> DeliveryIndex:
    return DeliveryIndex(ledger_redis, fake_clock)


def ended(store: JobStore, result: Result | None = None, **overrides: Any) -> Job:
    """Complete a job: cancelled, or with the result."""
    job = read(store, store.accept(new_job(**overrides)).id)
    if result is None:
        store.cancel(job)
    else:
        claim = store.claim(job.id, "chat.m", 5, "w")
        assert claim is not None
        store.execute(job.id, claim.attempt, result)
    store.complete([read(store, job.id)])
    return job


def read(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def events(index: DeliveryIndex, owner: str = "key1") -> list[Found]:
    page = index.find(Query(owner=owner, oldest_first=True), 0, 100)
    return [found for found in page.results if found.event]


def exhaust(store: DeliveryStore, job: Job) -> None:
    claim = store.claim(job.id)
    assert claim is not None
    row = DeliveryAttempt(claim.attempt, "schedule", START_MS, 5, "")
    assert store.finish(job, claim, row, NextStep(DeliveryState.EXHAUSTED, "it answered 500"))


def test_each_subscription_of_the_owner_is_told_of_a_jobs_end(
    index: DeliveryIndex,
    job_store: JobStore,
    subscriptions: SubscriptionStore,
    lists: MessageLists,
) -> None:
    first = subscriptions.create("key1", URL, ())
    second = subscriptions.create("key1", URL + "2", ())
    subscriptions.create("somebody", URL, ())
    job = ended(job_store, Result.response(b"{}"), tag="night")
    told = events(index)
    assert {found.delivery.url for found in told} == {URL, URL + "2"}
    assert {found.ref_id.partition(":")[0] for found in told} == {first.id, second.id}
    assert {found.event for found in told} == {"job.completed"}
    assert events(index, "somebody") == []
    ids = [found.delivery.id for found in told]
    assert job.id not in ids
    assert sorted(lists.ids(task_names.CALLBACKS_QUEUE)) == sorted(ids)
    body = json.loads(read(job_store, ids[0]).response or b"")
    assert (body["type"], body["timestamp"]) == ("job.completed", "2023-11-14T22:13:20Z")
    data = body["data"]
    assert (data["id"], data["refId"], data["tag"]) == (job.id, job.ref_id, "night")
    assert (data["jobState"], data["model"]) == ("Completed", "m")
    assert f"/api/results/{job.id}?" in data["resultUrl"]


def test_reply_to_is_told_beside_the_subscription(
    index: DeliveryIndex, job_store: JobStore, subscriptions: SubscriptionStore
) -> None:
    subscriptions.create("key1", URL, ())
    job = ended(job_store, Result.response(b"{}"), reply_to="https://b.example/")
    page = index.find(Query(owner="key1"), 0, 10)
    assert {f.delivery.url for f in page.results} == {URL, "https://b.example/"}
    assert job.id in {f.delivery.id for f in page.results}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ((Event.JOB_CANCELLED,), ["job.cancelled"]),
        ((Event.JOB_FAILED, Event.JOB_CANCELLED), ["job.cancelled"]),
        ((Event.JOB_COMPLETED, Event.JOB_FAILED), []),
        ((), ["job.cancelled"]),
    ],
)
def test_subscription_is_told_of_the_events_it_names(
    index: DeliveryIndex,
    job_store: JobStore,
    subscriptions: SubscriptionStore,
    wanted: tuple[Event, ...],
    told: list[str],
) -> None:
    subscriptions.create("key1", URL, wanted)
    ended(job_store)
    assert [found.event for found in events(index)] == told


def test_completing_again_tells_nobody_twice(
    index: DeliveryIndex, job_store: JobStore, subscriptions: SubscriptionStore
) -> None:
    subscriptions.create("key1", URL, ())
    job = ended(job_store)
    job_store.complete([job])
    assert len(events(index)) == 1


def test_exhausted_callback_is_told_but_not_an_exhausted_event(
    index: DeliveryIndex,
    job_store: JobStore,
    delivery_store: DeliveryStore,
    subscriptions: SubscriptionStore,
) -> None:
    subscriptions.create("key1", URL, (Event.CALLBACK_EXHAUSTED,))
    job = ended(job_store, reply_to="https://b.example/cb")
    assert events(index) == []
    exhaust(delivery_store, job)
    [told] = events(index)
    record = read(job_store, told.delivery.id)
    body = json.loads(record.response or b"")
    assert body["type"] == told.event == "callback.exhausted"
    assert body["data"] == {
        "id": job.id,
        "refId": job.ref_id,
        "tag": "",
        "url": "https://b.example/cb",
        "attempts": 1,
        "reason": "it answered 500",
    }
    exhaust(delivery_store, record)
    assert len(events(index)) == 1


def test_record_of_an_event_goes_after_it_was_told(
    index: DeliveryIndex,
    job_store: JobStore,
    delivery_store: DeliveryStore,
    subscriptions: SubscriptionStore,
    ledger_redis: redis.Redis,
) -> None:
    subscriptions.create("key1", URL, ())
    ended(job_store)
    [told] = events(index)
    record = read(job_store, told.delivery.id)
    assert ledger_redis.pttl(keys.job(record.id)) == -1
    exhaust(delivery_store, record)
    assert ledger_redis.pttl(keys.job(record.id)) > 0
    assert ledger_redis.pttl(keys.delivery(record.id)) > 0


def test_job_of_an_owner_without_subscriptions_tells_nobody(
    index: DeliveryIndex, job_store: JobStore
) -> None:
    ended(job_store)
    assert index.find(Query(), 0, 10).total == 0


def test_deleted_subscription_is_told_nothing_more(
    index: DeliveryIndex, job_store: JobStore, subscriptions: SubscriptionStore
) -> None:
    made = subscriptions.create("key1", URL, ())
    subscriptions.delete("key1", made.id)
    ended(job_store)
    assert events(index) == []
    with pytest.raises(SubscriptionNotFound):
        subscriptions.delete("key1", made.id)


def test_changed_subscription_keeps_what_was_not_named(subscriptions: SubscriptionStore) -> None:
    made = subscriptions.create("key1", URL, (Event.JOB_FAILED,))
    changed = subscriptions.change("key1", made.id, "https://c.example/", None)
    assert (changed.url, changed.events) == ("https://c.example/", (Event.JOB_FAILED,))
    assert subscriptions.change("key1", made.id, None, (Event.JOB_COMPLETED,)).url == changed.url
    assert subscriptions.all_of("key1")[0].events == (Event.JOB_COMPLETED,)
    with pytest.raises(SubscriptionNotFound):
        subscriptions.change("somebody", made.id, None, None)


def test_owner_has_so_many_subscriptions_at_most(subscriptions: SubscriptionStore) -> None:
    for _ in range(20):
        subscriptions.create("key1", URL, ())
    with pytest.raises(TooManySubscriptions):
        subscriptions.create("key1", URL, ())


@pytest.mark.integration
def test_limit_holds_when_many_create_at_once(real_redis: redis.Redis) -> None:
    store = SubscriptionStore(real_redis)

    def create(_: int) -> bool:
        try:
            store.create("key1", URL, ())
        except TooManySubscriptions:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(create, range(100)))
    assert sum(made) == len(store.all_of("key1")) == 20


def test_owner_without_subscriptions_is_no_subscriber(
    subscriptions: SubscriptionStore, ledger_redis: redis.Redis
) -> None:
    first, second = (subscriptions.create("key1", URL, ()) for _ in range(2))
    subscriptions.delete("key1", first.id)
    assert ledger_redis.smembers(keys.SUBSCRIBERS) == {b"key1"}
    with pytest.raises(SubscriptionNotFound):
        subscriptions.delete("key1", first.id)
    subscriptions.delete("key1", second.id)
    assert ledger_redis.smembers(keys.SUBSCRIBERS) == set()
