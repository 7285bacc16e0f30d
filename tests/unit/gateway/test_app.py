"""The gateway's wire: what it takes, what it refuses, how it answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from shared.errors import Failure
from shared.jobs.moves import Result
from shared.store.client import connect
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

RESPONSE = b'{"id":"x","big":123456789012345678901234567890,"n":1.50,"\\u00e9":"\xc3\xa9"}'
FAILURE = Failure(502, "server_error", "provider_unavailable", "It is down.")


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    settings = new_settings(
        api_key=SecretStr(API_KEY),
        auth_secret=SecretStr(ADMIN_SECRET),
        max_body_bytes=100_000,
        queue_limit=5,
        sync_timeout_s=0.2,
    )
    return build(fake_redis, settings)


def _error(answer: Any) -> tuple[int, str | None, str]:
    """Return status, field and code, after checking that both wires tell the same."""
    body = answer.json
    status = body["responseStatus"]
    assert body["error"]["message"] == status["message"]
    if body["error"]["param"]:
        assert status["errors"][0]["fieldName"] == body["error"]["param"]
    return answer.status_code, body["error"]["param"], body["error"]["code"]


# --- queueing -------------------------------------------------------------------------------------


def test_queue_answers_with_id_ref_id_and_status_url(gateway: Gateway) -> None:
    answer = gateway.queue(refId="a b/ü")
    assert answer["id"] == 1
    assert answer["refId"] == "a b/ü"
    expected = "http://localhost/api/GetOpenAiChatStatus?RefId=a%20b%2F%C3%BC"
    assert answer["statusUrl"] == expected
    assert gateway.get(answer["statusUrl"]).json["jobState"] == "Queued"


def test_queue_makes_ref_id_of_32_hex_digits_when_none_is_given(gateway: Gateway) -> None:
    ref_id = gateway.queue()["refId"]
    assert len(ref_id) == 32
    int(ref_id, 16)


def test_queue_returns_the_same_job_when_ref_id_comes_again(gateway: Gateway) -> None:
    assert gateway.queue(refId="r") == gateway.queue(refId="r")


def test_queue_answers_422_when_ref_id_comes_with_another_body(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    other = gateway.post(
        "/api/QueueOpenAiChatCompletion", {"refId": "r", "request": {**CHAT, "seed": 2}}
    )
    assert _error(other) == (422, "refId", "ref_id_conflict")


def test_queue_answers_429_with_retry_after_when_queue_is_full(gateway: Gateway) -> None:
    for _ in range(5):
        gateway.queue()
    answer = gateway.post("/api/QueueOpenAiChatCompletion", {"request": CHAT})
    assert _error(answer)[::2] == (429, "queue_full")
    assert 1 <= int(answer.headers["Retry-After"]) <= 120


@pytest.mark.parametrize("path", ["/api/{}", "/json/reply/{}", "/api/{}.json"])
def test_queue_is_reached_by_every_path_of_its_dto(gateway: Gateway, path: str) -> None:
    answer = gateway.post(path.format("QueueOpenAiChatCompletion"), {"request": CHAT})
    assert answer.status_code == 200


@pytest.mark.parametrize("sent_as", ["query_string", "data"])
def test_queue_binds_query_string_and_form(gateway: Gateway, sent_as: str) -> None:
    values = {"RefId": "form", "Tag": "7", "request": json.dumps(CHAT)}
    answer = gateway.client.post(
        "/api/QueueOpenAiChatCompletion",
        headers={"X-Api-Key": API_KEY},
        **{sent_as: values},
    )
    assert answer.json["refId"] == "form"
    job = gateway.jobs.get(answer.json["id"])
    assert job is not None
    assert job.tag == "7"
    assert json.loads(job.request) == CHAT


def test_queue_takes_json_that_curl_calls_a_form(gateway: Gateway) -> None:
    answer = gateway.post(
        "/api/QueueOpenAiChatCompletion",
        {"request": CHAT},
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200


# --- bad input ------------------------------------------------------------------------------------

_QUEUE = "/api/QueueOpenAiChatCompletion"
_SYNC = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        pytest.param(_SYNC, b"{", (400, None, "invalid_json"), id="cut JSON"),
        pytest.param(_SYNC, b"", (400, None, "invalid_json"), id="no body"),
        pytest.param(_SYNC, b"\xff", (400, None, "invalid_json"), id="no UTF-8"),
        pytest.param(_SYNC, b"[1]", (400, None, "invalid_value"), id="no object"),
        pytest.param(
            _SYNC, {"messages": CHAT["messages"]}, (400, "model", "invalid_value"), id="no model"
        ),
        pytest.param(
            _SYNC, {"model": "m", "messages": []}, (400, "messages", "invalid_value"), id="empty"
        ),
        pytest.param(
            _SYNC,
            {**CHAT, "temperature": "hot"},
            (400, "temperature", "invalid_value"),
            id="wrong type",
        ),
        pytest.param(
            _SYNC, {**CHAT, "model": "x"}, (404, "model", "model_not_found"), id="unknown model"
        ),
        pytest.param(
            _SYNC,
            {**CHAT, "provider": "x"},
            (404, "provider", "provider_not_found"),
            id="unknown provider",
        ),
        pytest.param(
            _QUEUE,
            {"request": CHAT, "replyTo": "http://10.0.0.1/"},
            (422, "replyTo", "callback_target_refused"),
            id="private ReplyTo",
        ),
        pytest.param(
            _QUEUE,
            {"request": {**CHAT, "messages": [{"content": "x"}]}},
            (400, "request.messages[0].role", "invalid_value"),
            id="message without role, in an envelope",
        ),
        pytest.param(_QUEUE, {}, (400, "request", "invalid_value"), id="no request"),
        pytest.param(
            _SYNC,
            {**CHAT, "user": "x" * 200_000},
            (413, None, "body_too_large"),
            id="too large",
        ),
        pytest.param("/api/Nothing", {}, (404, None, "unknown_url"), id="unknown DTO"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    gateway: Gateway, path: str, body: Any, expected: tuple[int, str | None, str]
) -> None:
    assert _error(gateway.post(path, body)) == expected
    assert set(gateway.redis.keys("*")) <= {b"counters"}


def test_wrong_method_is_answered_with_the_right_ones(gateway: Gateway) -> None:
    answer = gateway.get("/v1/chat/completions")
    assert _error(answer) == (405, None, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_dto_that_changes_something_takes_put(gateway: Gateway) -> None:
    chat = {"refId": "a", "request": CHAT}
    answer = gateway.client.put(
        "/api/QueueOpenAiChatCompletion", json=chat, headers={"X-Api-Key": API_KEY}
    )
    assert (answer.status_code, answer.json["refId"]) == (200, "a")


@pytest.mark.parametrize("path", ["/v1//models", "//v1/models", "/api//QueueOpenAiChatCompletion"])
def test_path_with_an_empty_part_is_unknown_and_leads_nowhere(gateway: Gateway, path: str) -> None:
    answer = gateway.client.get(f"http://localhost{path}")
    assert _error(answer) == (404, None, "unknown_url")


# --- who is calling -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/GetOpenAiChatStatus?RefId=r",
        "/api/GetOpenAiChat?RefId=r",
        "/api/WaitForOpenAiChat?RefId=r",
        "/api/ActiveAiModels",
        "/v1/models",
        "/v1/models/m",
    ],
)
@pytest.mark.parametrize(
    ("key", "code"), [(None, "missing_api_key"), ("ak-wrong", "invalid_api_key")]
)
def test_every_read_answers_401_without_the_right_key(
    gateway: Gateway, path: str, key: str | None, code: str
) -> None:
    assert _error(gateway.get(path, key=key)) == (401, None, code)


@pytest.mark.parametrize("path", [_QUEUE, _SYNC, "/api/OpenAiChatCompletion", "/api/CancelJob"])
def test_every_write_answers_401_without_key_before_it_reads_the_body(
    gateway: Gateway, path: str
) -> None:
    assert _error(gateway.post(path, b"{", key=None)) == (401, None, "missing_api_key")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {API_KEY}"},
        {"Authorization": f"bearer  {API_KEY}"},
        {"X-Api-Key": API_KEY},
        {"authsecret": ADMIN_SECRET},
        {"Authorization": f"Bearer {ADMIN_SECRET}"},
    ],
)
def test_key_is_taken_in_every_header_that_clients_use(
    gateway: Gateway, headers: dict[str, str]
) -> None:
    assert gateway.client.get("/v1/models", headers=headers).status_code == 200


def test_job_of_another_owner_is_not_found(gateway: Gateway) -> None:
    by_admin = gateway.post(_QUEUE, {"refId": "r", "request": CHAT}, key=ADMIN_SECRET).json
    for dto in ("GetOpenAiChatStatus?jobId=", "GetOpenAiChat?id=", "WaitForOpenAiChat?id="):
        assert _error(gateway.get(f"/api/{dto}{by_admin['id']}"))[0] == 404
    assert _error(gateway.post("/api/CancelJob", {"id": by_admin["id"]}))[0] == 404
    assert gateway.get("/api/GetOpenAiChatStatus?refId=r").status_code == 404
    # The RefId is free for its own use: names are per owner.
    assert gateway.queue(refId="r")["id"] != by_admin["id"]


# --- following a job ------------------------------------------------------------------------------


def test_status_carries_the_response_byte_for_byte(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    gateway.run(1, Result.response(RESPONSE))
    answer = gateway.get("/api/GetOpenAiChatStatus?RefId=r")
    assert answer.json["jobState"] == "Completed"
    assert b'"result":' + RESPONSE + b"}" in answer.data


def test_status_tells_why_a_job_failed(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    gateway.run(1, Result.failure(FAILURE))
    status = gateway.get("/api/GetOpenAiChatStatus?RefId=r").json
    assert status["jobState"] == "Failed"
    assert status["responseStatus"]["message"] == "It is down."
    assert "It is down." in status["status"]
    assert "result" not in status


@pytest.mark.parametrize(
    "query", ["jobId=1", "JOBID=1", "job_id=1", "jobId=0&refId=r", "RefId=r", "ref_id=r"]
)
def test_status_takes_names_in_any_casing_and_zero_for_absent(gateway: Gateway, query: str) -> None:
    gateway.queue(refId="r")
    assert gateway.get(f"/api/GetOpenAiChatStatus?{query}").json["jobId"] == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", (400, "refId", "invalid_value"), id="nothing given"),
        pytest.param("jobId=x", (400, "jobId", "invalid_value"), id="no number"),
        pytest.param("jobId=-1", (400, "jobId", "invalid_value"), id="negative"),
        pytest.param("jobId=7", (404, "id", "job_not_found"), id="unknown id"),
        pytest.param("refId=z", (404, "refId", "job_not_found"), id="unknown RefId"),
        pytest.param("jobId=1&refId=z", (404, "refId", "job_not_found"), id="not that job's"),
    ],
)
def test_status_answers_error_that_names_the_field(
    gateway: Gateway, query: str, expected: tuple[int, str | None, str]
) -> None:
    gateway.queue(refId="r")
    assert _error(gateway.get(f"/api/GetOpenAiChatStatus?{query}")) == expected


def test_get_chat_shows_the_whole_job(gateway: Gateway) -> None:
    gateway.queue(refId="r", tag="night", replyTo="https://example.com/cb?x=1")
    gateway.run(1, Result.response(RESPONSE))
    job = gateway.get("/api/GetOpenAiChat?id=1").json["result"]
    assert (job["refId"], job["tag"], job["state"]) == ("r", "night", "Completed")
    assert job["replyTo"] == "https://example.com/cb?x=1"
    assert json.loads(job["requestBody"]) == CHAT
    assert job["responseBody"].encode() == RESPONSE
    assert job["createdDate"].endswith("Z")
    assert job["attempts"] == 1


def test_wait_answers_at_its_time_limit_with_the_job_as_it_stands(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    assert gateway.get("/api/WaitForOpenAiChat?refId=r").json["result"]["state"] == "Queued"


def test_wait_answers_at_once_when_job_has_failed(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    gateway.run(1, Result.failure(FAILURE))
    job = gateway.get("/api/WaitForOpenAiChat?refId=r").json["result"]
    assert job["state"] == "Failed"
    assert job["errorCode"] == "InternalServerError"
    assert job["error"]["message"] == "It is down."


def test_cancel_ends_a_queued_job(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    answer = gateway.post("/api/CancelJob", {"RefId": "r"}).json
    assert (answer["jobState"], answer["status"]) == ("Executed", "cancelled")
    again = gateway.post("/api/CancelJob", {"refId": "r"}).json
    assert again["status"] == "ended"


# --- synchronous calls ----------------------------------------------------------------------------


def test_sync_call_with_known_ref_id_answers_with_the_stored_response(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    gateway.run(1, Result.response(RESPONSE))
    answer = gateway.post(_SYNC, {**CHAT, "refId": "r"})
    assert answer.data == RESPONSE
    assert answer.headers["x-job-id"] == "1"


def test_sync_call_answers_with_the_failure_and_asks_not_to_be_repeated(gateway: Gateway) -> None:
    gateway.queue(refId="r")
    gateway.run(1, Result.failure(FAILURE))
    answer = gateway.post(_SYNC, {**CHAT, "refId": "r"})
    assert _error(answer) == (502, None, "provider_unavailable")
    assert answer.headers["x-should-retry"] == "false"


# --- models, health, request id -------------------------------------------------------------------


def test_models_are_listed_on_both_wires(gateway: Gateway) -> None:
    assert gateway.get("/api/ActiveAiModels").json == {"results": ["m", "n"]}
    assert gateway.get("/api/ActiveAiModels?provider=acme").json == {"results": ["m", "n"]}
    assert _error(gateway.get("/api/ActiveAiModels?provider=x"))[0] == 404
    listed = gateway.get("/v1/models").json
    assert [model["id"] for model in listed["data"]] == ["m", "n"]
    assert gateway.get("/v1/models/m").json == listed["data"][0]
    assert _error(gateway.get("/v1/models/x")) == (404, "model", "model_not_found")


def test_up_is_open_and_answers_when_ledger_does(gateway: Gateway) -> None:
    assert gateway.get("/up", key=None).status_code == 200


def test_every_answer_carries_a_request_id(gateway: Gateway) -> None:
    for path in ("/up", "/nothing", "/v1/models"):
        assert gateway.get(path).headers["x-request-id"]
    kept = gateway.client.get("/up", headers={"x-request-id": "mine-1"})
    assert kept.headers["x-request-id"] == "mine-1"


def test_ledger_that_is_gone_is_a_503_that_says_when_to_try_again() -> None:
    client = connect("redis://127.0.0.1:1/0", timeout_s=1, name="test")
    with client:
        gateway = build(client, new_settings(api_key=SecretStr(API_KEY)))
        for answer in (gateway.get("/up"), gateway.post(_QUEUE, {"request": CHAT})):
            assert _error(answer)[::2] == (503, "store_unavailable")
            assert answer.headers["Retry-After"]


def test_body_of_too_many_values_is_refused(fake_redis: redis.Redis) -> None:
    gateway = build(fake_redis, new_settings(api_key=SecretStr(API_KEY), max_json_values=3000))
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [{}] * 700}
    refused = gateway.post("/v1/chat/completions", body)

    assert refused.status_code == 400
    assert refused.json["error"]["code"] == "too_many_values"
    assert "3,000 JSON values" in refused.json["error"]["message"]


def test_form_of_a_thousand_fields_and_more_is_refused(gateway: Gateway) -> None:
    refused = gateway.client.post(
        "/api/CancelJob",
        data="&".join(f"a{n}=1" for n in range(1001)),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {API_KEY}"},
    )

    assert refused.status_code == 400
    assert "1000 fields" in refused.json["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/v1/fine_tuning/jobs", 404, None),
        ("POST", "/v1/vector_stores", 404, None),
        ("PROPFIND", "/v1/anything", 404, None),
        ("OPTIONS", "/v1/anything", 404, None),
        ("GET", "/v1", 404, None),
        ("GET", "/v1/chat/completions/chatcmpl_1", 404, None),
        ("GET", "/v1/responses/resp_1/input_items", 404, None),
        ("GET", "/v1/completions", 405, {"POST", "OPTIONS"}),
        ("DELETE", "/v1/responses/resp_1", 405, {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/v1/models/m", 405, {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_call_of_openai_that_is_not_offered_says_so(
    gateway: Gateway, method: str, path: str, status: int, allow: set[str] | None
) -> None:
    answer = gateway.client.open(path, method=method)
    assert answer.status_code == status
    error = answer.json["error"]
    assert error["type"] == "invalid_request_error"
    if status == 404:
        assert f"There is no endpoint {method} {path}: of OpenAI's API" in error["message"]
        assert "chat/completions" in error["message"]
    else:
        assert f"{path} does not take {method}; it takes " in error["message"]
        assert set(answer.headers["Allow"].split(", ")) == allow
