"""The lists of deliveries: they say where each one stands, and lose it when it goes."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.callbacks.delivery import DeliveryAttempt, DeliveryState, NextStep
from shared.callbacks.delivery_index import DeliveryIndex, Query
from shared.callbacks.delivery_store import DeliveryStore
from shared.jobs.job import Job
from shared.ledger.job_store import JobStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import START_MS, FakeClock, new_job

PENDING, DELIVERED, EXHAUSTED = (
    DeliveryState.PENDING,
    DeliveryState.DELIVERED,
    DeliveryState.EXHAUSTED,
)


@pytest.fixture
def index(ledger_redis: redis.Redis, fake_clock: FakeClock) -> DeliveryIndex:
    return DeliveryIndex(ledger_redis, fake_clock)


def delivering(store: JobStore, **overrides: Any) -> Job:
    """Bring a job as far as its delivery."""
    job_id = store.accept(new_job(**{"reply_to": "https://a.example/cb", **overrides})).id
    job = store.get(job_id)
    assert job is not None
    store.cancel(job)
    store.complete([job])
    return job


def end(store: DeliveryStore, job: Job, state: DeliveryState = DELIVERED) -> None:
    claim = store.claim(job.id)
    assert claim is not None
    row = DeliveryAttempt(claim.attempt, "schedule", START_MS, 1, "")
    assert store.finish(job, claim, row, NextStep(state, "why", 5))


def ids(index: DeliveryIndex, skip: int = 0, take: int = 100, **query: Any) -> list[int]:
    return [found.delivery.id for found in index.find(Query(**query), skip, take).results]


def test_find_lists_an_owners_deliveries_newest_first(
    index: DeliveryIndex, job_store: JobStore, fake_clock: FakeClock
) -> None:
    made = []
    for owner in ("ann", "bob", "ann", "ann"):
        made.append(delivering(job_store, owner=owner).id)
        fake_clock.advance(1)
    a, b, c, d = made
    assert ids(index, owner="ann") == [d, c, a]
    assert ids(index, owner="ann", oldest_first=True) == [a, c, d]
    assert ids(index) == [d, c, b, a]
    assert ids(index, owner="nobody") == []


def test_pages_neither_overlap_nor_leave_gaps_when_all_came_at_once(
    index: DeliveryIndex, job_store: JobStore
) -> None:
    made = {delivering(job_store, owner=f"o{n % 3}").id for n in range(12)}
    for oldest_first in (False, True):
        pages = [ids(index, n, 1, oldest_first=oldest_first) for n in range(12)]
        assert {i for [i] in pages} == made
    assert index.find(Query(), 10, 5).total == 12


@pytest.mark.parametrize("state", [DELIVERED, EXHAUSTED, DeliveryState.STOPPED])
def test_state_follows_the_delivery(
    index: DeliveryIndex, job_store: JobStore, delivery_store: DeliveryStore, state: DeliveryState
) -> None:
    job, other = delivering(job_store), delivering(job_store)
    assert set(ids(index, states=(PENDING,))) == {job.id, other.id}
    end(delivery_store, job, PENDING)
    assert set(ids(index, states=(PENDING,))) == {job.id, other.id}
    delivery_store.replay(job)
    end(delivery_store, job, state)
    assert ids(index, states=(PENDING,)) == [other.id]
    assert ids(index, states=(state,)) == [job.id]
    delivery_store.replay(job)
    assert ids(index, states=(state,)) == []
    assert set(ids(index, states=(PENDING, state))) == {job.id, other.id}


def test_cancelled_delivery_is_listed_as_such(
    index: DeliveryIndex, job_store: JobStore, delivery_store: DeliveryStore
) -> None:
    job = delivering(job_store)
    delivery_store.cancel(job)
    assert ids(index, states=(DeliveryState.CANCELLED,)) == [job.id]
    assert ids(index, states=(PENDING,)) == []


def test_find_by_time_host_tag_and_ref_id(
    index: DeliveryIndex, job_store: JobStore, fake_clock: FakeClock
) -> None:
    first = delivering(job_store, tag="night", reply_to="https://B.example:8443/x?y").id
    fake_clock.advance(10)
    second = delivering(job_store, ref_id="order-2").id
    assert ids(index, from_ms=START_MS + 10_000) == [second]
    assert ids(index, to_ms=START_MS) == [first]
    assert ids(index, from_ms=START_MS + 1, to_ms=START_MS + 9_999) == []
    assert ids(index, host="b.example") == [first]
    assert ids(index, host="B.EXAMPLE") == [first]
    assert ids(index, tag="night") == [first]
    assert ids(index, ref_id="order-2") == [second]
    assert ids(index, tag="night", ref_id="order-2") == []
    assert index.find(Query(host="a.example"), 0, 0).total == 1


def test_entries_leave_with_their_delivery(
    index: DeliveryIndex,
    job_store: JobStore,
    delivery_store: DeliveryStore,
    ledger_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
) -> None:
    job, pending = delivering(job_store, owner="ann"), delivering(job_store, owner="bob")
    end(delivery_store, job)
    fake_clock.advance(settings.result_ttl_s - 1)
    assert index.forget() == 0
    fake_clock.advance(1)
    assert index.forget() == 1
    assert list(ledger_redis.scan_iter(f"{keys.deliveries_of('ann')}*")) == []
    assert ledger_redis.smembers(keys.DELIVERIES_OWNERS) == {b"bob"}
    assert ids(index) == [pending.id]


def test_delivery_that_was_replayed_stays_listed(
    index: DeliveryIndex,
    job_store: JobStore,
    delivery_store: DeliveryStore,
    settings: Settings,
    fake_clock: FakeClock,
) -> None:
    job = delivering(job_store)
    end(delivery_store, job)
    delivery_store.replay(job)
    fake_clock.advance(settings.result_ttl_s)
    assert index.forget() == 0
    assert ids(index) == [job.id]


def test_find_leaves_out_what_has_just_gone(
    index: DeliveryIndex, job_store: JobStore, ledger_redis: redis.Redis
) -> None:
    gone, kept = delivering(job_store), delivering(job_store)
    ledger_redis.delete(keys.delivery(gone.id))
    assert ids(index) == [kept.id]
