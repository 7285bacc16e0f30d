"""Streams at the gateway's edge: who may follow what, from where, and what is answered instead."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pydantic import SecretStr

from shared.errors import Failure
from shared.jobs.moves import Result
from shared.ledger.chunk_store import Batch, ChunkStore
from shared.store import redis_keys as keys
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

STREAMED = {**CHAT, "stream": True}
BROKEN = Result.failure(Failure(502, "server_error", "stream_broken", "It broke."))


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    settings = new_settings(
        api_key=SecretStr(API_KEY), auth_secret=SecretStr(ADMIN_SECRET), sync_timeout_s=0.2
    )
    return build(fake_redis, settings)


def queued(gateway: Gateway, **envelope: Any) -> int:
    return int(gateway.queue(request=STREAMED, **envelope)["id"])


def said(gateway: Gateway, job_id: int, *chunks: bytes, result: Result | None = None) -> None:
    """Claim the job, relay chunks in batches of their own, end it."""
    claim = gateway.jobs.claim(job_id, "chat.m", 5, "w1")
    assert claim is not None
    for number, text in enumerate(chunks, 1):
        ChunkStore(gateway.redis).append([Batch(job_id, claim.attempt, number, [text])])
    gateway.jobs.execute(job_id, claim.attempt, result or Result.response(b"{}"))
    job = gateway.jobs.get(job_id)
    assert job is not None
    gateway.jobs.complete([job])


def follow(gateway: Gateway, job_id: int, last: str | None = None, **options: Any) -> Any:
    headers = {} if last is None else {"Last-Event-ID": last}
    return gateway.post(f"/api/StreamOpenAiChat?id={job_id}", b"", headers=headers, **options)


def test_job_keeps_the_whole_request_of_a_stream(gateway: Gateway) -> None:
    job = gateway.jobs.get(queued(gateway))
    assert job is not None
    assert job.streamed
    assert b'"stream": true' in job.request


def test_ended_job_is_told_again_from_the_start(gateway: Gateway) -> None:
    job_id = queued(gateway, refId="r")
    said(gateway, job_id, b'{"a":1}', b'{"b":2}')
    answer = gateway.get("/api/StreamOpenAiChat?RefId=r")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-job-id"] == str(job_id)
    lines = answer.text.splitlines()
    assert [line for line in lines if line.startswith("data")] == [
        'data: {"a":1}',
        'data: {"b":2}',
        "data: [DONE]",
    ]


@pytest.mark.parametrize("way", ["header", "query"])
def test_last_event_id_is_where_to_go_on(gateway: Gateway, way: str) -> None:
    job_id = queued(gateway)
    said(gateway, job_id, b'{"a":1}', b'{"b":2}')
    last = follow(gateway, job_id).text.splitlines()[0].removeprefix("id: ")
    if way == "header":
        rest = follow(gateway, job_id, last).text
    else:
        rest = gateway.get(f"/api/StreamOpenAiChat?id={job_id}&lastEventId={last}").text
    assert '{"a":1}' not in rest
    assert '{"b":2}' in rest


@pytest.mark.parametrize("last", ["nonsense", "1-1", "1-1.x", "0"])
def test_last_event_id_that_is_none_is_a_400_that_names_it(gateway: Gateway, last: str) -> None:
    answer = follow(gateway, queued(gateway), last)
    assert answer.status_code == 400
    assert answer.json["error"]["param"] == "lastEventId"


def test_failed_job_is_told_with_its_error_at_the_end(gateway: Gateway) -> None:
    job_id = queued(gateway)
    said(gateway, job_id, b'{"a":1}', result=BROKEN)
    text = follow(gateway, job_id).text
    assert '{"a":1}' in text
    assert '"stream_broken"' in text
    assert "[DONE]" not in text


def test_job_that_does_not_stream_is_a_400(gateway: Gateway) -> None:
    answer = follow(gateway, int(gateway.queue()["id"]))
    assert answer.status_code == 400
    assert "does not stream" in answer.json["error"]["message"]


def test_job_of_somebody_else_is_not_found(gateway: Gateway) -> None:
    answer = gateway.post("/api/QueueOpenAiChatCompletion", {"request": STREAMED}, key=ADMIN_SECRET)
    assert follow(gateway, answer.json["id"]).status_code == 404
    assert follow(gateway, 999).status_code == 404


def test_stream_without_a_key_is_refused(gateway: Gateway) -> None:
    assert follow(gateway, queued(gateway), key=None).status_code == 401


def test_stream_whose_chunks_are_gone_is_a_410(gateway: Gateway) -> None:
    """Never one that looks whole and is empty."""
    job_id = queued(gateway, refId="r")
    said(gateway, job_id, b'{"a":1}')
    gateway.redis.delete(keys.chunks(job_id))
    for answer in (
        follow(gateway, job_id),
        gateway.post("/v1/chat/completions", {**STREAMED, "refId": "r"}),
    ):
        assert answer.status_code == 410
        assert answer.json["error"]["code"] == "stream_gone"


def test_stream_that_failed_before_its_first_chunk_is_a_status(gateway: Gateway) -> None:
    said(gateway, queued(gateway, refId="r"), result=BROKEN)
    answer = gateway.post("/v1/chat/completions", {**STREAMED, "refId": "r"})
    assert answer.status_code == 502
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json["error"]["code"] == "stream_broken"


def test_stream_that_is_repeated_with_its_ref_id_is_told_again(gateway: Gateway) -> None:
    said(gateway, queued(gateway, refId="r"), b'{"a":1}')
    texts = {
        gateway.post("/v1/chat/completions", {**STREAMED, "refId": "r"}).text for _ in range(2)
    }
    [text] = texts
    assert text.endswith('data: {"a":1}\n\ndata: [DONE]\n\n')


def test_streams_beyond_the_limit_are_refused_and_make_no_job(fake_redis: redis.Redis) -> None:
    settings = new_settings(api_key=SecretStr(API_KEY), sync_timeout_s=0.2, stream_limit=1)
    gateway = build(fake_redis, settings)
    job_id = queued(gateway)
    said(gateway, job_id, b'{"a":1}')
    with gateway.client.get(
        f"/api/StreamOpenAiChat?id={job_id}", headers={"X-Api-Key": API_KEY}, buffered=False
    ) as open_stream:
        assert open_stream.status_code == 200
        for answer in (follow(gateway, job_id), gateway.post("/v1/chat/completions", STREAMED)):
            assert answer.status_code == 429
            assert answer.json["error"]["code"] == "too_many_waiting"
            assert answer.headers["retry-after"] == "1"
        assert gateway.jobs.get(job_id + 1) is None
    assert follow(gateway, job_id).status_code == 200


def test_stream_that_was_refused_leaves_its_place_to_others(fake_redis: redis.Redis) -> None:
    settings = new_settings(api_key=SecretStr(API_KEY), sync_timeout_s=0.2, stream_limit=1)
    gateway = build(fake_redis, settings)
    job_id = queued(gateway, refId="r")
    said(gateway, job_id, b'{"a":1}')
    gateway.redis.delete(keys.chunks(job_id))
    for _ in range(3):
        assert follow(gateway, job_id).status_code == 410
        assert gateway.post("/v1/chat/completions", {**STREAMED, "refId": "r"}).status_code == 410
