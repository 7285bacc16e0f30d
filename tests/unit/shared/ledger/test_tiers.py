"""Tiers and weights: whose job goes next; and keys that wait for their limits instead of a 429."""

from __future__ import annotations

import json
from collections import defaultdict
from statistics import mean
from typing import Any

import pytest
import redis

from gateway.jobs.forms import status_json
from shared.api_keys.limits import Allowance, Charge, Limits
from shared.codecs.moments import iso_date
from shared.errors import RateLimitExceeded, TooManyJobs
from shared.jobs.job import Job
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.queues import names as task_names
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from shared.wire.queueing.flow_control import Flow
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings

pytestmark = pytest.mark.integration

HIGH, NORMAL, LOW = -1, 0, 1


@pytest.fixture
def store(real_redis: redis.Redis, fake_clock: FakeClock) -> JobStore:
    """A ledger that hands one message out at a time, so that what waits is in order."""
    return JobStore(real_redis, new_settings(queue_window=1), fake_clock)


def queue(store: JobStore, number: int = 1, **fields: Any) -> list[int]:
    return [store.accept(new_job(**fields)).id for _ in range(number)]


def order(store: JobStore, most: int = 1000) -> list[int]:
    """Claim up to so many; return their ids in order."""
    lists, claimed = MessageLists(store.client), []
    while len(claimed) < most and (job_id := lists.take_chat()) is not None:
        if store.claim(job_id, "chat.m", task_names.QUEUED, "w"):
            claimed.append(job_id)
    return claimed


def read(store: JobStore, job_id: int) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def test_better_tiers_go_first_whoever_owns_them(store: JobStore) -> None:
    [taken] = queue(store)
    low = queue(store, 2, tier=LOW)
    normal = queue(store, 2, owner="b")
    high = queue(store, 2, tier=HIGH)
    also_high = queue(store, 2, tier=HIGH, owner="c")
    both = [high[0], also_high[0], high[1], also_high[1]]
    assert order(store) == [taken, *both, *normal, *low]


def test_position_counts_the_jobs_of_better_tiers(store: JobStore) -> None:
    queue(store, 1)
    ids = [
        *queue(store, 3, tier=LOW),
        *queue(store, 3, owner="b"),
        *queue(store, 2, tier=HIGH, owner="c"),
        *queue(store, 2),
        *queue(store, 2, tier=LOW, owner="b"),
    ]
    told = {}
    for job_id in ids:
        position = store.position(read(store, job_id))
        assert position is not None
        told[job_id] = position.before
    claimed = order(store)
    # Whose turn it will be among the low ones depends on who had the last one before.
    assert all(abs(claimed.index(job_id) - before) <= 1 for job_id, before in told.items())
    assert [told[job_id] for job_id in ids[3:8]] == [claimed.index(i) for i in ids[3:8]]


def test_owner_of_some_weight_has_so_many_turns_in_a_row(store: JobStore) -> None:
    [first] = queue(store)
    heavy = queue(store, 7, weight=3, owner="heavy")
    light = queue(store, 4, owner="light")
    turns = [job_id in heavy for job_id in order(store) if job_id != first]
    assert turns == [True, True, True, False, True, True, True, False, True, False, False]
    assert len(light) == 4
    assert not store.client.exists("turns:chat.m\x06\x165\x1fweights")


def test_tier_is_kept_over_a_wait_a_retry_and_a_flow(
    store: JobStore, fake_clock: FakeClock, real_redis: redis.Redis
) -> None:
    recovery = RecoveryStore(real_redis, new_settings(queue_window=1), fake_clock)
    [taken] = queue(store)
    plain = queue(store, 2)
    [later] = queue(store, tier=HIGH, run_after="+1000")
    [low_later] = queue(store, tier=LOW, run_after="+1000")
    [flowing, parked] = queue(store, 2, tier=HIGH, flow=Flow("a", 1), owner="b")
    fake_clock.advance(2)
    recovery.bring_forward()
    assert order(store, 3) == [taken, flowing, later]
    store.attempts.execute(flowing, 1, Result.response(b"{}"))
    recovery.let_in_flows()
    assert order(store) == [plain[0], parked, plain[1], low_later]


def test_jobs_at_a_gate_stay_before_those_of_their_tier(store: JobStore) -> None:
    queue(store)
    low, high = queue(store, tier=LOW), queue(store, tier=HIGH)
    client = store.client
    # As the claim puts one back that found no slot.
    for job_id, score in ((low[0], 1e15 + low[0]), (high[0], -3e15 + high[0])):
        for line in (keys.waiting("chat.m", 5), keys.waiting_of("chat.m", 5, "key1")):
            client.zadd(line, {str(job_id): score})
    normal, more = queue(store), queue(store, tier=HIGH)
    assert order(store)[1:] == [*high, *more, *normal, *low]


def waiting_key(**limits: int) -> Allowance:
    return Allowance("key_7", Limits(wait_secs=30, **limits), tokens=10)


def test_key_that_waits_has_its_jobs_run_as_its_limit_allows(
    store: JobStore, real_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    recovery = RecoveryStore(real_redis, new_settings(queue_window=1), fake_clock)
    allowance, started = waiting_key(requests_per_minute=3), []
    ids = queue(store, 8, allowance=allowance)
    assert read(store, ids[0]).run_after_ms == 0
    assert read(store, ids[3]).run_after_ms == fake_clock.now_ms + 60_000
    assert read(store, ids[7]).run_after_ms == fake_clock.now_ms + 120_000
    for _ in range(130):
        recovery.bring_forward()
        started += [fake_clock.now_ms] * len(order(store))
        fake_clock.advance(1)
    assert len(started) == 8
    assert all(b - a >= 60_000 for a, b in zip(started, started[3:], strict=False))


def test_tokens_are_taken_from_the_minute_in_which_a_job_runs(
    store: JobStore, real_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    allowance = waiting_key(tokens_per_minute=25)
    ids = queue(store, 5, allowance=allowance)
    waits = [read(store, job_id).run_after_ms for job_id in ids]
    assert waits[:2] == [0, 0]
    assert waits[2] == waits[3] > fake_clock.now_ms + 59_000
    assert waits[4] > waits[3] + 59_000
    assert real_redis.pttl(keys.tokens_of("key_7")) > 200_000
    job = read(store, ids[2])
    store.cancel(job)
    store.complete([read(store, ids[2])], {ids[2]: Charge(tokens=0)})
    taken = {int(s): int(n) for s, n in real_redis.hgetall(keys.tokens_of("key_7")).items()}
    assert sum(taken.values()) == 40


def test_call_that_somebody_waits_for_waits_no_longer_than_its_key_says(store: JobStore) -> None:
    allowance = waiting_key(requests_per_minute=1)
    fields = {"priority": task_names.INTERACTIVE, "timeout_s": 120.0, "allowance": allowance}
    queue(store, **fields)
    with pytest.raises(RateLimitExceeded):
        queue(store, **fields)
    patient = Allowance("key_7", Limits(requests_per_minute=1, wait_secs=60))
    [job_id] = queue(store, **{**fields, "allowance": patient})
    job = read(store, job_id)
    # Who waits for the answer has the time that the call has.
    assert (job.run_after_ms - job.created_ms, job.deadline_ms - job.created_ms) == (
        60_000,
        120_000,
    )


def test_job_that_could_only_run_after_its_deadline_is_refused(store: JobStore) -> None:
    allowance = waiting_key(requests_per_minute=1)
    queue(store, 2, allowance=allowance, timeout_s=90.0)
    with pytest.raises(RateLimitExceeded):
        queue(store, allowance=allowance, timeout_s=90.0)


@pytest.mark.parametrize("limit", [{"requests_per_minute": 2}, {"tokens_per_minute": 25}])
def test_moments_from_before_the_clock_was_set_back_are_forgotten(
    store: JobStore, fake_clock: FakeClock, limit: dict[str, int]
) -> None:
    allowance = waiting_key(**limit)
    queue(store, 5, allowance=allowance)
    fake_clock.advance(-3600)
    again = [read(store, job_id) for job_id in queue(store, 5, allowance=allowance)]
    waits_s = [max(0, job.run_after_ms - fake_clock.now_ms) // 1000 for job in again]
    assert waits_s[:2] == [0, 0]
    assert all(59 <= wait <= 61 for wait in waits_s[2:4])
    assert 119 <= waits_s[4] <= 122


@pytest.mark.parametrize("limit", [{"requests_per_minute": 2}, {"tokens_per_minute": 25}])
def test_jobs_that_wait_for_limits_wait_no_longer_when_the_clock_was_set_back(
    store: JobStore, fake_clock: FakeClock, limit: dict[str, int]
) -> None:
    recovery = RecoveryStore(store.client, new_settings(queue_window=1), fake_clock)
    ids = queue(store, 4, allowance=waiting_key(**limit))
    [wished] = queue(store, run_after="+900000")
    moment = read(store, wished).run_after_ms
    assert len(order(store)) == 2
    fake_clock.advance(-3600)
    assert recovery.shorten_pauses(3600) == 2
    assert order(store) == []
    fake_clock.advance(62)
    recovery.bring_forward()
    assert order(store) == ids[2:]
    assert read(store, wished).run_after_ms == moment


def test_other_limits_are_still_refused(store: JobStore) -> None:
    allowance = waiting_key(concurrent_jobs=1)
    queue(store, allowance=allowance)
    with pytest.raises(TooManyJobs):
        queue(store, allowance=allowance)


def test_heavy_user_waits_longer_and_production_goes_first_under_load(
    store: JobStore, fake_clock: FakeClock
) -> None:
    """Ten jobs a second are done; the heavy user has 200 at once, others some now and then."""
    lists, queued_ms, waited_s = MessageLists(store.client), {}, defaultdict[str, list[float]](list)

    def put(owner: str, number: int, **fields: Any) -> None:
        for job_id in queue(store, number, owner=owner, **fields):
            queued_ms[job_id] = owner, fake_clock.now_ms

    put("heavy", 200)
    for step in range(400):
        if step % 5 == 0 and step < 200:
            put("light", 1)
        if step % 10 == 0 and step < 200:
            put("production", 2, tier=HIGH)
        job_id = lists.take_chat()
        if job_id is not None and store.claim(job_id, "chat.m", task_names.QUEUED, "w"):
            owner, since_ms = queued_ms.pop(job_id)
            waited_s[owner].append((fake_clock.now_ms - since_ms) / 1000)
        fake_clock.advance(0.1)
    assert queued_ms == {}, "nobody was refused, and all had their turn"
    assert {owner: len(waits) for owner, waits in waited_s.items()} == {
        "heavy": 200,
        "light": 40,
        "production": 40,
    }
    # What has its message already goes before it.
    assert max(waited_s["production"]) <= 0.3
    assert max(waited_s["light"]) <= 1
    assert mean(waited_s["heavy"]) >= 10 * mean(waited_s["light"])


def test_job_says_that_it_waits_for_its_limit_and_since_when(
    store: JobStore, fake_clock: FakeClock
) -> None:
    allowance = waiting_key(requests_per_minute=1)
    first, second = queue(store, 2, allowance=allowance)
    [wished] = queue(store, run_after="+900000", allowance=allowance)
    since = iso_date(fake_clock.now_ms)
    told = {i: json.loads(status_json(read(store, i))) for i in (first, second, wished)}
    assert told[second]["waitsForLimitsSince"] == since
    assert f"waits for its key's limits since {since}" in told[second]["status"]
    assert ["waitsForLimitsSince" in told[i] for i in (first, wished)] == [False, False]
