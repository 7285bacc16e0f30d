"""Large results: the callback carries a signed link, which gives that result and no other."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from pydantic import SecretStr

from shared.callbacks.body import callback_body
from shared.callbacks.result_links import result_url
from shared.history.writer import HistoryWriter
from shared.jobs.job import Job
from shared.jobs.moves import Result
from shared.security.sealing import new_encryption_key
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build
from tests.support.history import record

SMALL = b'{"id":"1"}'
LARGE = b'{"id":"1","text":"' + b"x" * 200 + b'"}'
ENCRYPTION_KEY = SecretStr(new_encryption_key())


def gateway_with(client: redis.Redis, **settings: Any) -> Gateway:
    values: dict[str, Any] = {
        "api_key": SecretStr(API_KEY),
        "auth_secret": SecretStr(ADMIN_SECRET),
        "encryption_key": ENCRYPTION_KEY,
        "callback_body_limit_bytes": 200,
    }
    return build(client, new_settings(**{**values, **settings}))


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return gateway_with(fake_redis)


def ended(gateway: Gateway, body: bytes = LARGE, **envelope: Any) -> Job:
    queued = gateway.queue(**{"replyTo": "https://example.com/cb", **envelope})
    gateway.run(queued["id"], Result.response(body))
    return read(gateway, queued["id"])


def read(gateway: Gateway, job_id: int) -> Job:
    job = gateway.jobs.get(job_id)
    assert job is not None
    return job


def link(job: Job) -> str:
    url: str = json.loads(callback_body(job))["resultUrl"]
    return url


def target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_callback_carries_a_small_result_itself(gateway: Gateway) -> None:
    assert callback_body(ended(gateway, SMALL)) == SMALL


def test_callback_links_to_a_large_result(gateway: Gateway) -> None:
    job = ended(gateway, refId="order-1")
    body = json.loads(callback_body(job))
    assert body["expires"].endswith("Z")
    expires_s = int(parse_qs(urlsplit(body["resultUrl"]).query)["expires"][0])
    assert expires_s == round(job.executed_ms / 1000 + 604_800)
    del body["expires"], body["resultUrl"]
    assert body == {"id": job.id, "refId": "order-1", "jobState": "Completed", "model": "m"}


def test_link_gives_the_stored_bytes_without_a_key(gateway: Gateway) -> None:
    answer = gateway.get(target(link(ended(gateway))), key=None)
    assert (answer.status_code, answer.data) == (200, LARGE)
    assert answer.mimetype == "application/json"


def test_link_gives_a_large_error_as_a_callback_would(gateway: Gateway) -> None:
    queued = gateway.queue(replyTo="https://example.com/cb", refId="r")
    error = json.dumps({"error": {"message": "x" * 300}}).encode()
    claim = gateway.jobs.claim(queued["id"], "chat.m", 5, "w")
    assert claim is not None
    gateway.jobs.execute(queued["id"], 1, Result(read(gateway, 1).state.FAILED, 500, error))
    gateway.jobs.complete([read(gateway, queued["id"])])
    job = read(gateway, queued["id"])
    answer = gateway.get(target(link(job)), key=None)
    assert answer.json["id"] == job.id
    assert answer.json["refId"] == "r"
    assert answer.json["error"]["message"] == "x" * 300


def test_link_of_one_job_gives_no_other(gateway: Gateway) -> None:
    first, second = ended(gateway), ended(gateway)
    moved = target(link(first)).replace(f"/{first.id}?", f"/{second.id}?")
    answer = gateway.get(moved, key=None)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "result_link_invalid")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("expires=", "expires=1"), id="a later expiry"),
        pytest.param(("signature=", "signature=A"), id="another signature"),
        pytest.param(("signature=", "s="), id="no signature"),
        pytest.param(("expires=", "e="), id="no expiry"),
        pytest.param(("expires=", "expires=-"), id="an expiry that is no number"),
        pytest.param(("expires=", "expires=%D9%A3"), id="an expiry in other digits"),
        pytest.param(("signature=", "signature=%ff"), id="a signature that is no text"),
    ],
)
def test_changed_link_is_refused(gateway: Gateway, change: tuple[str, str]) -> None:
    answer = gateway.get(target(link(ended(gateway))).replace(*change), key=None)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "result_link_invalid")
    assert LARGE not in answer.data


def test_nobody_without_a_link_can_tell_which_jobs_there_are(
    gateway: Gateway, fake_redis: redis.Redis
) -> None:
    one, running = ended(gateway), gateway.queue()["id"]
    genuine = urlsplit(link(one)).query
    forged = [f"expires=9999999999&signature={sign * 55}" for sign in "AB"]
    for query in (genuine, *forged, "expires=9999999999&signature=A", genuine[:-43]):
        answers = [
            gateway.get(f"/api/results/{job}?{query}", key=None) for job in (one.id, running, 9999)
        ]
        told = {(answer.status_code, answer.data) for answer in answers[query == genuine :]}
        assert len(told) == 1, told
        assert answers[1].status_code == 403


def test_link_of_the_version_before_goes_on(gateway: Gateway) -> None:
    path, before, signature = target(link(ended(gateway))).partition("signature=")
    assert gateway.get(f"{path}{before}{signature[12:]}", key=None).data == LARGE
    assert gateway.get(f"{path}{before}{signature[13:]}A", key=None).status_code == 403


def test_expired_link_is_refused(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    url = link(ended(gateway))
    later = time.time() + 604_802
    monkeypatch.setattr(time, "time", lambda: later)
    answer = gateway.get(target(url), key=None)
    assert (answer.status_code, answer.json["error"]["code"]) == (410, "result_link_expired")


def test_link_to_a_job_that_is_gone_is_not_found(gateway: Gateway, fake_redis: redis.Redis) -> None:
    url = link(ended(gateway))
    fake_redis.flushall()
    assert gateway.get(target(url), key=None).status_code == 404


def test_link_gives_the_result_when_the_job_has_left_the_ledger(
    gateway: Gateway, fake_redis: redis.Redis
) -> None:
    job = ended(gateway)
    HistoryWriter(gateway.database).store([record(job)])
    fake_redis.flushall()
    answer = gateway.get(target(link(job)), key=None)
    assert (answer.status_code, answer.data) == (200, LARGE)
    changed = target(link(job)).replace("signature=", "signature=A")
    assert gateway.get(changed, key=None).status_code == 403


def test_link_is_not_found_when_the_history_kept_no_contents(
    gateway: Gateway, fake_redis: redis.Redis
) -> None:
    job = ended(gateway)
    HistoryWriter(gateway.database).store([record(replace(job, request=b"", response=None))])
    fake_redis.flushall()
    assert gateway.get(target(link(job)), key=None).status_code == 404


def test_link_is_not_good_for_the_job_that_has_its_id_in_a_new_redis(
    gateway: Gateway, fake_redis: redis.Redis
) -> None:
    old = ended(gateway)
    fake_redis.flushall()
    time.sleep(0.002)
    new = ended(gateway)
    assert new.id == old.id
    assert gateway.get(target(link(old)), key=None).status_code == 403


def test_link_begins_with_the_url_by_which_the_client_reached_us(gateway: Gateway) -> None:
    answer = gateway.post(
        "/api/QueueOpenAiChatCompletion",
        {
            "request": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
            "replyTo": "https://example.com/cb",
        },
        headers={"Host": "llm.example.com:8443"},
    )
    gateway.run(answer.json["id"], Result.response(LARGE))
    url = link(read(gateway, answer.json["id"]))
    assert url.startswith("http://llm.example.com:8443/api/results/")


def test_link_begins_with_the_base_url_when_one_is_set(fake_redis: redis.Redis) -> None:
    gateway = gateway_with(fake_redis, base_url="https://llm.example.com/")
    assert link(ended(gateway)).startswith("https://llm.example.com/api/results/")


def test_body_is_decided_once_whatever_the_settings_become(
    gateway: Gateway, fake_redis: redis.Redis
) -> None:
    job = ended(gateway)
    before = callback_body(job)
    later = gateway_with(fake_redis, base_url="https://x", callback_body_limit_bytes=10**6)
    later.jobs.complete([job])
    assert callback_body(read(later, job.id)) == before
    assert link(job) == result_url(new_settings(encryption_key=ENCRYPTION_KEY), job)
