"""Batches: an array comes, an array goes back, and the first failure says which one it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from shared.api_keys.scopes import Scope
from shared.jobs.moves import Result
from tests.support.factories import new_settings
from tests.support.foreign.jobs import issue, new_gateway
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

QUEUE = "/api/QueueOpenAiChatCompletion[]"


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def _asked(*ref_ids: str, **more: Any) -> list[dict[str, Any]]:
    return [{"refId": ref_id, "request": CHAT, **more} for ref_id in ref_ids]


def _completed(answer: Any) -> str:
    return str(answer.headers["X-AutoBatch-Completed"])


def _index(answer: Any) -> str:
    return str(answer.json["responseStatus"]["meta"]["AutoBatchIndex"])


@pytest.mark.parametrize(
    "path",
    [
        QUEUE,
        "/api/QueueOpenAiChatCompletion%5B%5D",
        "/json/reply/QueueOpenAiChatCompletion[]",
        "/json/oneway/QueueOpenAiChatCompletion%5B%5D",
    ],
)
def test_answers_come_in_the_order_of_the_requests(gateway: Gateway, path: str) -> None:
    answer = gateway.post(path, _asked("a", "b", "c"))
    assert answer.status_code == 200, answer.data
    assert [one["refId"] for one in answer.json] == ["a", "b", "c"]
    assert _completed(answer) == "3"
    for one in answer.json:
        alone = gateway.queue(refId=one["refId"])
        assert alone == {name: value for name, value in one.items() if name != "groupId"}


def test_request_without_a_ref_id_gets_one(gateway: Gateway) -> None:
    answer = gateway.post(QUEUE, [{"request": CHAT}] * 2)
    assert len({one["refId"] for one in answer.json}) == 2


def test_no_requests_are_answered_with_no_answers(gateway: Gateway) -> None:
    answer = gateway.post(QUEUE, [])
    assert (answer.status_code, answer.json, _completed(answer)) == (200, [], "0")


def test_batch_that_comes_again_makes_nothing_new(gateway: Gateway) -> None:
    first = gateway.post(QUEUE, _asked("a", "b")).json
    assert gateway.post(QUEUE, _asked("a", "b")).json == first
    more = gateway.post(QUEUE, _asked("a", "b", "c")).json
    assert [one["id"] for one in more[:2]] == [one["id"] for one in first]


@pytest.mark.parametrize(
    ("bad", "status", "field"),
    [
        pytest.param({"request": {"model": "m"}}, 400, "request.messages", id="field missing"),
        pytest.param({"request": {**CHAT, "model": "?"}}, 404, "model", id="no such model"),
        pytest.param({**_asked("x")[0], "replyTo": "http://[::1"}, 422, None, id="callback"),
        pytest.param({**_asked("x")[0], "RefId": "y"}, 400, "refId", id="field twice"),
        pytest.param(7, 400, None, id="no object"),
        pytest.param(None, 400, None, id="null"),
    ],
)
def test_request_that_cannot_be_accepted_is_named_and_nothing_is_queued(
    gateway: Gateway, bad: Any, status: int, field: str | None
) -> None:
    answer = gateway.post(QUEUE, [*_asked("a"), bad, *_asked("b")])
    assert answer.status_code == status, answer.data
    assert (_index(answer), _completed(answer)) == ("1", "0")
    assert answer.json["error"]["param"] == field or field is None
    assert gateway.get("/api/GetOpenAiChatStatus?refId=a").status_code == 404


def test_refusal_ends_the_batch_and_tells_what_was_queued_before(gateway: Gateway) -> None:
    gateway.queue(refId="b", tag="other")
    answer = gateway.post(QUEUE, _asked("a", "b", "c"))
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "ref_id_conflict"
    assert (_index(answer), _completed(answer)) == ("1", "1")
    assert [one["refId"] for one in answer.json["results"]] == ["a"]
    assert gateway.get("/api/GetOpenAiChatStatus?refId=c").status_code == 404


def test_limits_hold_for_each_request(gateway: Gateway) -> None:
    wanted = {"name": "k", "requestsPerMinute": 2}
    key = gateway.post("/api/CreateApiKey", wanted, key=ADMIN_SECRET).json["key"]
    answer = gateway.post(QUEUE, _asked("a", "b", "c"), key=key)
    assert (answer.status_code, _index(answer), _completed(answer)) == (429, "2", "2")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"", "invalid_value", id="empty"),
        pytest.param(b'{"request":{}}', "invalid_value", id="no array"),
        pytest.param(b"[{}", "invalid_json", id="not closed"),
        pytest.param(b"[{},]", "invalid_json", id="comma"),
        pytest.param(b"[] []", "invalid_json", id="two"),
        pytest.param(b"[NaN]", "invalid_json", id="no JSON"),
        pytest.param(b"[" * 200 + b"]" * 200, "invalid_json", id="too deep"),
        pytest.param(b"[" + b",".join([b"{}"] * 6) + b"]", "too_many_items", id="too many"),
    ],
)
def test_body_that_is_no_batch_is_refused(fake_redis: redis.Redis, body: bytes, code: str) -> None:
    gateway = build(fake_redis, new_settings(api_key=API_KEY, batch_limit=5))
    answer = gateway.post(QUEUE, body)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, code)


def test_batch_needs_the_scope_of_its_dto(gateway: Gateway) -> None:
    key = issue(gateway, {Scope.READ})
    assert gateway.post(QUEUE, _asked("a"), key=key).status_code == 403
    assert gateway.post(QUEUE, b"[", key=None).status_code == 401
    assert gateway.post("/api/GetOpenAiChatStatus[]", [{"refId": "?"}], key=key).status_code == 404


@pytest.mark.parametrize("name", ["Nothing", "StreamOpenAiChat", "ListModels", "GetMetrics"])
def test_what_is_no_dto_comes_in_no_batch(gateway: Gateway, name: str) -> None:
    answer = gateway.post(f"/api/{name}[]", [{}])
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_url")


def test_any_dto_comes_in_a_batch(gateway: Gateway) -> None:
    made = gateway.post(QUEUE, _asked("a", "b")).json
    gateway.run(made[0]["id"], Result.response(b'{"id":"x"}'))
    told = gateway.post("/api/GetOpenAiChatStatus[]", [{"RefId": "a"}, {"jobId": made[1]["id"]}])
    assert [one["jobState"] for one in told.json] == ["Completed", "Queued"]
    assert told.json[0]["result"] == {"id": "x"}
    assert _completed(told) == "2"


def test_failure_of_any_dto_ends_its_batch(gateway: Gateway) -> None:
    gateway.post(QUEUE, _asked("a"))
    told = gateway.post("/api/CancelJob[]", [{"refId": "?"}, {"refId": "a"}])
    assert (told.status_code, _index(told), _completed(told)) == (404, "0", "0")
    state = gateway.get("/api/GetOpenAiChatStatus?refId=a").json["jobState"]
    assert state == "Queued"


def test_bad_request_of_any_dto_is_told_before_any_is_done(gateway: Gateway) -> None:
    gateway.post(QUEUE, _asked("a"))
    told = gateway.post("/api/CancelJob[]", [{"refId": "a"}, {"id": "no number"}])
    assert (told.status_code, _index(told), _completed(told)) == (400, "1", "0")
    assert gateway.get("/api/GetOpenAiChatStatus?refId=a").json["jobState"] == "Queued"


def test_sync_calls_come_in_a_batch_but_no_streams(gateway: Gateway) -> None:
    made = gateway.queue(refId="a")
    gateway.run(made["id"], Result.response(b'{"id":"x"}'))
    known = {**CHAT, "refId": "a"}
    told = gateway.post("/api/OpenAiChatCompletion[]", [known, known])
    assert (told.status_code, told.json) == (200, [{"id": "x"}] * 2)
    told = gateway.post("/api/OpenAiChatCompletion[]", [known, {**known, "Stream": True}])
    assert (told.status_code, told.json["error"]["param"], _index(told)) == (400, "stream", "1")


def test_key_may_not_reach_a_foreign_job_by_a_batch(gateway: Gateway) -> None:
    gateway.post(QUEUE, _asked("a"))
    stranger = issue(gateway, {Scope.READ, Scope.CHAT})
    for dto in ("GetOpenAiChatStatus", "GetOpenAiChat", "CancelJob"):
        told = gateway.post(f"/api/{dto}[]", [{"refId": "a"}], key=stranger)
        assert told.status_code == 404, dto


def test_bytes_of_each_chat_are_kept(gateway: Gateway) -> None:
    text = '{"model" : "m", "messages":[{"role":"user","content":"\\u00e9 é"}], "temperature":1.50}'
    body = f'[ {{"request":{text}}} ,\n{{"tag":"t","request":{text}}}]'.encode()
    for one in gateway.post(QUEUE, body).json:
        job = gateway.jobs.get(one["id"])
        assert job is not None
        assert job.request.decode() == text


def test_deeply_repeated_names_are_refused_in_a_batch_too(gateway: Gateway) -> None:
    chat = json.dumps(CHAT)
    body = f'[{{"request":{chat},"request":{chat}}}]'.encode()
    told = gateway.post(QUEUE, body)
    assert (told.status_code, _index(told)) == (400, "0")


def test_what_is_open_to_everybody_is_open_in_a_batch(gateway: Gateway) -> None:
    told = gateway.post("/api/Hello[]", [{"name": "a"}, {"name": "b"}], key=None)
    assert [one["result"] for one in told.json] == ["Hello, a!", "Hello, b!"]
