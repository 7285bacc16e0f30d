"""Calls for many: called again with the place where the last one stopped, they come to all."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pydantic import SecretStr

from gateway.callbacks import deliveries
from gateway.jobs import many
from shared.callbacks import delivery_index
from shared.callbacks.delivery import DeliveryState
from shared.history.writer import HistoryWriter
from shared.jobs.failures import INTERNAL_ERROR
from shared.jobs.job import JobState
from shared.jobs.moves import Result
from shared.store import redis_keys as keys
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build
from tests.support.history import ended_job, record
from tests.unit.gateway.callbacks.test_deliveries import Ledger

FAILED = Result.failure(INTERNAL_ERROR)


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    secrets = {"api_key": SecretStr(API_KEY), "auth_secret": SecretStr(ADMIN_SECRET)}
    return build(fake_redis, new_settings(**secrets))


def all_of(gateway: Gateway, dto: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Call as often as there is a place to go on at."""
    answers, after = [], None
    while True:
        answer = gateway.post(f"/api/{dto}", asked | ({"after": after} if after else {}))
        assert answer.status_code == 200, answer.data
        answers.append(answer.json)
        after = answer.json.get("after")
        if after is None:
            return answers
        assert len(answers) < 20, "it does not come to its end"


def test_deliveries_are_all_replayed_though_they_stay_what_they_were(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_MOST_REPLAYED", 2)
    ledger = Ledger(gateway)
    made = [ledger.delivery(DeliveryState.DELIVERED) for _ in range(5)]
    replayed: list[int] = []
    after = None
    for remaining in (3, 1, 0):
        asked = {"state": "Delivered"} | ({"after": after} if after else {})
        answer = gateway.post("/api/ReplayDeliveries", asked).json
        rows = gateway.get("/api/GetDeliveries?state=Pending").json["results"]
        again = sorted(row["id"] for row in rows)
        replayed += again
        # Its receiver takes each at once: they are Delivered again, and the oldest.
        for job_id in again:
            ledger.attempt(job_id, DeliveryState.DELIVERED)
        after = answer.get("after")
        assert (answer["remaining"], after is None) == (remaining, remaining == 0)
    assert replayed == made


def test_deliveries_of_one_moment_are_neither_left_out_nor_sent_twice(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_MOST_REPLAYED", 2)
    ledger = Ledger(gateway)
    made = [ledger.delivery(DeliveryState.PENDING) for _ in range(12)]
    lists = [keys.deliveries_of("bootstrap", state) for state in ("", "Pending")]
    for one in made:
        gateway.redis.hset(keys.delivery(one), "created_ms", 5)
        for name in lists:
            gateway.redis.zadd(name, {str(one): 5}, xx=True)
    answers = all_of(gateway, "ReplayDeliveries", {"state": "Pending"})
    assert sum(one["replayed"] for one in answers) == len(made)
    assert [one["remaining"] for one in answers] == [10, 8, 6, 4, 2, 0]


def test_deliveries_of_a_host_are_found_behind_many_of_others(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_index, "SCANNED", 3)
    ledger = Ledger(gateway)
    for _ in range(7):
        ledger.delivery(DeliveryState.EXHAUSTED)
    last = ledger.delivery(DeliveryState.EXHAUSTED, replyTo="https://b.example/")
    answers = all_of(gateway, "ReplayDeliveries", {"host": "b.example"})
    assert [one["replayed"] for one in answers] == [0, 0, 1]
    assert [one["remaining"] for one in answers] == [5, 2, 0]
    rows = gateway.get("/api/GetDeliveries?state=Pending").json["results"]
    assert [row["id"] for row in rows] == [last]


def fail_again(gateway: Gateway, job_id: int) -> None:
    gateway.run(job_id, FAILED)
    job = gateway.jobs.get(job_id)
    assert job is not None
    HistoryWriter(gateway.database).store([record(job)])


def test_jobs_that_fail_again_at_once_hide_none_behind_them(gateway: Gateway) -> None:
    jobs = [
        ended_job(n, owner="bootstrap", state=JobState.FAILED, tag="t", created_ms=n)
        for n in range(1, 6)
    ]
    HistoryWriter(gateway.database).store([record(job) for job in jobs])
    retried, after = [], None
    for _ in range(3):
        asked = {"tag": "t", "take": 2} | ({"after": after} if after else {})
        after = gateway.post("/api/RetryJobs", asked).json.get("after")
        again = [row["id"] for row in gateway.get("/api/QueryJobs?state=Queued").json["results"]]
        retried += sorted(again)
        for job_id in again:
            fail_again(gateway, job_id)
    assert (retried, after) == ([1, 2, 3, 4, 5], None)


def test_jobs_whose_requests_are_not_kept_hide_none_however_many(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "_PAGES", 2)
    jobs = [
        ended_job(
            n,
            owner="bootstrap",
            state=JobState.FAILED,
            tag="t",
            created_ms=7,
            **({} if n == 9 else {"request": b""}),
        )
        for n in range(1, 10)
    ]
    HistoryWriter(gateway.database).store([record(job) for job in jobs])
    answers = all_of(gateway, "RetryJobs", {"tag": "t", "take": 2})
    assert [one["retried"] for one in answers] == [0, 0, 1]
    assert sum(one["matched"] for one in answers) == 9


def test_jobs_of_a_group_that_fail_again_hide_none_behind_them(gateway: Gateway) -> None:
    jobs = [gateway.queue(groupId="g")["id"] for _ in range(11)]
    for job_id in jobs:
        gateway.run(job_id, FAILED)
    retried, after = [], None
    for _ in range(3):
        asked = {"id": "g", "take": 4} | ({"after": after} if after else {})
        after = gateway.post("/api/RetryGroup", asked).json.get("after")
        again = [row["id"] for row in gateway.get("/api/QueryJobs?state=Queued").json["results"]]
        retried += sorted(again)
        for job_id in again:
            gateway.run(job_id, FAILED)
    assert (retried, after) == (jobs, None)


@pytest.mark.parametrize("dto", ["ReplayDeliveries", "RetryJobs", "RetryGroup"])
@pytest.mark.parametrize("after", ["x", "1", "1-2-3", "-1-2", f"{'9' * 40}-1", "1-\u0662"])
def test_place_that_is_none_is_a_mistake_that_is_named(
    gateway: Gateway, dto: str, after: str
) -> None:
    gateway.queue(groupId="g")
    answer = gateway.post(f"/api/{dto}", {"tag": "t", "id": "g", "after": after})
    assert answer.status_code == 400
    assert answer.json["error"]["param"] == "after"
