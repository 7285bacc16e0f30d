"""Whatever makes a job goes by the models and limits of the key that asks for it."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.history.writer import HistoryWriter
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Result
from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import ADMIN_SECRET, CHAT, Gateway
from tests.support.history import record

RETRIES = {
    "RetryJob": {"id": 1},
    "RetryJobs": {"model": "m"},
    "RetryGroup": {"id": "g"},
}


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def key_of(gateway: Gateway, **more: Any) -> str:
    wanted = {"name": "k", "userId": "anna", **more}
    answer = gateway.post("/api/CreateApiKey", wanted, key=ADMIN_SECRET)
    assert answer.status_code == 200, answer.data
    return str(answer.json["key"])


def job_of(gateway: Gateway) -> Job:
    job = gateway.jobs.get(1)
    assert job is not None
    return job


@pytest.mark.parametrize("dto", RETRIES)
def test_job_is_not_tried_again_with_a_model_that_the_key_may_not_use(
    gateway: Gateway, dto: str
) -> None:
    wanted = {"request": CHAT, "groupId": "g"}
    queued = gateway.post("/api/QueueOpenAiChatCompletion", wanted, key=key_of(gateway))
    gateway.run(queued.json["id"], Result.failure(CANCELLED))
    HistoryWriter(gateway.database).store([record(job_of(gateway))])
    answer = gateway.post(f"/api/{dto}", RETRIES[dto], key=key_of(gateway, models=["n"]))
    assert job_of(gateway).state is JobState.FAILED, answer.data
    assert answer.status_code == (404 if dto == "RetryJob" else 200), answer.data
    again = gateway.post(f"/api/{dto}", RETRIES[dto], key=key_of(gateway, models=["m"]))
    assert again.status_code == 200
    assert job_of(gateway).state is JobState.QUEUED, again.data


def test_provider_is_tried_with_the_models_and_limits_of_the_key(gateway: Gateway) -> None:
    gateway.services.providers.follower.look()
    scopes = ["admin:providers"]
    wanted = {"provider": "acme", "model": "m", "prompt": "hi"}
    lesser = key_of(gateway, scopes=scopes, models=["n"])
    other = gateway.post("/api/ChatAiProvider", wanted, key=lesser)
    assert (other.status_code, other.json["error"]["code"]) == (404, "model_not_found")
    limited = key_of(gateway, scopes=scopes, requestsPerMinute=1)
    told = [gateway.post("/api/ChatAiProvider", wanted, key=limited).status_code for _ in (1, 2)]
    assert told == [504, 429]
