"""Responses at the gateway's edge: their names, their states, and who may see them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from gateway.auth.authenticator import BOOTSTRAP_OWNER
from gateway.services import Services
from shared.errors import Failure
from shared.history.rows import body_row, job_row
from shared.history.writer import HistoryWriter, Record
from shared.jobs.job import Attempt
from shared.jobs.moves import Result
from shared.ledger.chunk_store import Batch, ChunkStore
from shared.operation import Operation
from shared.providers.prices import Prices
from shared.providers.provider import Provider, Registry
from shared.queues.names import QUEUED
from tests.support.factories import new_job, new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

ASKED = {"model": "m", "input": "hi", "background": True}
THEIRS = b'{ "id":"resp_theirs", "background":false,"status":"completed","n":1.50}'
OURS = b'{ "id":"resp_job_1", "background":true,"status":"completed","n":1.50}'


REGISTRY = Registry(
    [
        Provider.model_validate(
            {"name": name, "type": kind, "base_url": "http://127.0.0.1:1/v1", "models": models}
        )
        for name, kind, models in (
            ("acme", "openai", ["m", "mixed"]),
            ("anthro", "anthropic", ["claude", "mixed"]),
        )
    ]
)


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    settings = new_settings(
        api_key=SecretStr(API_KEY), auth_secret=SecretStr(ADMIN_SECRET), sync_timeout_s=0.2
    )
    return build(fake_redis, settings, REGISTRY.providers)


def created(gateway: Gateway, **fields: Any) -> Any:
    answer = gateway.post("/v1/responses", {**ASKED, **fields})
    assert answer.status_code == 200, answer.data
    return answer.json


def shown(gateway: Gateway, response_id: str = "resp_job_1") -> Any:
    answer = gateway.get(f"/v1/responses/{response_id}")
    assert answer.status_code == 200, answer.data
    return answer.json


def test_background_response_is_queued_at_once_and_says_what_was_asked(gateway: Gateway) -> None:
    response = created(
        gateway, instructions="Be brief.", metadata={"a": "b"}, tools=[], temperature=None
    )
    assert {name: response[name] for name in ("id", "object", "status", "background")} == {
        "id": "resp_job_1",
        "object": "response",
        "status": "queued",
        "background": True,
    }
    assert (response["instructions"], response["metadata"]) == ("Be brief.", {"a": "b"})
    assert (response["output"], response["error"], response["model"]) == ([], None, "m")
    assert response == shown(gateway)


def test_job_of_a_background_response_is_a_queued_one(gateway: Gateway) -> None:
    created(gateway, refId="r", tag="t")
    job = gateway.jobs.get(1)
    assert job is not None
    assert (job.operation, job.priority, job.ref_id) == (Operation.RESPONSE, QUEUED, "r")
    assert json.loads(job.request) == {"model": "m", "input": "hi"}
    assert created(gateway, refId="r", tag="t")["id"] == "resp_job_1"


def test_states_of_the_job_are_those_of_the_response(gateway: Gateway) -> None:
    created(gateway)
    claim = gateway.jobs.claim(1, "chat.m", QUEUED, "w1")
    assert claim is not None
    assert shown(gateway)["status"] == "in_progress"
    gateway.jobs.execute(1, claim.attempt, Result.response(THEIRS))
    assert gateway.get("/v1/responses/resp_job_1").data == OURS


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "rate_limit_exceeded"), (400, "invalid_prompt"), (502, "server_error")],
)
def test_failed_job_is_a_failed_response_with_a_code_that_openai_has(
    gateway: Gateway, status: int, code: str
) -> None:
    created(gateway)
    gateway.run(1, Result.failure(Failure(status, "some_type", "odd_code", "It broke.", param="p")))
    response = shown(gateway)
    assert response["status"] == "failed"
    assert response["error"] == {
        "code": code,
        "message": "It broke.",
        "type": "some_type",
        "param": "p",
    }


def test_cancelled_response_is_cancelled_before_its_job_is_final(gateway: Gateway) -> None:
    created(gateway)
    answer = gateway.post("/v1/responses/resp_job_1/cancel")
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    assert answer.json["error"] is None
    assert gateway.post("/v1/responses/resp_job_1/cancel").json["status"] == "cancelled"


def test_response_that_was_waited_for_is_found_by_both_names(gateway: Gateway) -> None:
    created(gateway, refId="r")
    gateway.run(1, Result.response(THEIRS))
    assert gateway.get("/v1/responses/resp_theirs").status_code == 404, "it was not told yet"
    told = gateway.post("/v1/responses", {**ASKED, "background": False, "refId": "r"})
    assert (told.data, told.headers["x-job-id"]) == (THEIRS, "1")
    assert gateway.get("/v1/responses/resp_theirs").data == THEIRS
    assert gateway.get("/v1/responses/resp_job_1").data == OURS


@pytest.mark.parametrize(("with_contents", "status"), [(True, 200), (False, 404)])
def test_response_is_found_in_the_history_if_that_keeps_contents(
    gateway: Gateway, status: int, *, with_contents: bool
) -> None:
    created(gateway)
    gateway.run(1, Result.response(THEIRS))
    job = gateway.jobs.get(1)
    assert job is not None
    rows = Record(job_row(job, Prices()), body_row(job, with_contents=with_contents))
    HistoryWriter(gateway.database).store([rows])
    gateway.redis.flushall()
    answer = gateway.get("/v1/responses/resp_job_1")
    assert (answer.status_code, answer.data == OURS) == (status, with_contents)
    assert gateway.get("/v1/responses/resp_job_1", key=ADMIN_SECRET).status_code == status
    other = gateway.get("/v1/responses/resp_job_2")
    assert (other.status_code, other.json["error"]["param"]) == (404, "response_id")


def test_response_of_somebody_else_is_not_found_by_either_name(gateway: Gateway) -> None:
    admin = gateway.post("/v1/responses", {**ASKED, "refId": "r"}, key=ADMIN_SECRET)
    gateway.run(1, Result.response(THEIRS))
    gateway.post("/v1/responses", {**ASKED, "background": False, "refId": "r"}, key=ADMIN_SECRET)
    assert admin.json["id"] == "resp_job_1"
    for name in ("resp_job_1", "resp_theirs", "resp_job_0", "resp_job_2", "resp_job_x", "x"):
        answer = gateway.get(f"/v1/responses/{name}")
        assert answer.status_code == 404
        assert answer.json["error"]["code"] == "job_not_found"
        assert gateway.post(f"/v1/responses/{name}/cancel").status_code == 404
        assert gateway.get(f"/v1/responses/{name}", key=None).status_code == 401


def test_chat_is_no_response(gateway: Gateway) -> None:
    gateway.queue()
    assert gateway.get("/v1/responses/resp_job_1").status_code == 404


def streamed(gateway: Gateway, *events: bytes) -> None:
    claim = gateway.jobs.claim(1, "chat.m", QUEUED, "w1")
    assert claim is not None
    for number, event in enumerate(events, 1):
        ChunkStore(gateway.redis).append([Batch(1, claim.attempt, number, [event])])
    gateway.jobs.execute(1, claim.attempt, Result.response(THEIRS))


def test_stream_is_told_again_from_behind_an_event(gateway: Gateway) -> None:
    # The view would follow it to its end.
    gateway.jobs.accept(
        new_job(
            owner=BOOTSTRAP_OWNER,
            operation=Operation.RESPONSE,
            streamed=True,
            request=b'{"model":"m"}',
        )
    )
    streamed(
        gateway,
        b'{"type":"response.created","sequence_number":0,"response":{"id":"resp_theirs"}}',
        b'{"type":"response.completed","sequence_number":1,"response":{}}',
    )
    text = gateway.get("/v1/responses/resp_job_1?stream=true&starting_after=0").text
    assert [line for line in text.splitlines() if not line.startswith("id")] == [
        "event: response.completed",
        'data: {"type":"response.completed","sequence_number":1,"response":{}}',
        "",
    ]
    # The stream told its name, so it may be asked for by that.
    assert "response.created" in gateway.get("/v1/responses/resp_theirs?stream=true").text


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 17])
def test_starting_after_that_is_no_number_is_a_400(gateway: Gateway, after: str) -> None:
    created(gateway)
    answer = gateway.get(f"/v1/responses/resp_job_1?stream=true&starting_after={after}")
    assert (answer.status_code, answer.json["error"]["param"]) == (400, "starting_after")


def test_next_response_goes_to_the_provider_that_holds_the_previous_one(gateway: Gateway) -> None:
    created(gateway)
    claim = gateway.jobs.claim(1, "chat.m", QUEUED, "w1")
    assert claim is not None
    record = Attempt(1, "acme", 1, 1, "answered", 200)
    gateway.jobs.execute(1, claim.attempt, Result.response(THEIRS), record)
    created(gateway, previous_response_id="resp_job_1")
    job = gateway.jobs.get(2)
    assert job is not None
    assert job.provider == "acme"
    assert json.loads(job.request)["previous_response_id"] == "resp_theirs"


def test_previous_response_that_is_not_known_is_passed_through(gateway: Gateway) -> None:
    created(gateway, previous_response_id="resp_elsewhere")
    job = gateway.jobs.get(1)
    assert job is not None
    assert job.provider == ""
    assert json.loads(job.request)["previous_response_id"] == "resp_elsewhere"


@pytest.mark.parametrize("previous", ["resp_job_1", "resp_job_77"])
def test_previous_response_without_an_answer_is_a_400(gateway: Gateway, previous: str) -> None:
    created(gateway)
    answer = gateway.post("/v1/responses", {**ASKED, "previous_response_id": previous})
    assert (answer.status_code, answer.json["error"]["param"]) == (400, "previous_response_id")
    assert gateway.jobs.get(2) is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/completions", {"model": "claude", "prompt": "x"}),
        ("/v1/embeddings", {"model": "claude", "input": "x"}),
        ("/v1/moderations", {"model": "claude", "input": "x"}),
        ("/v1/embeddings", {"model": "mixed", "input": "x", "provider": "anthro"}),
    ],
)
def test_operation_that_no_provider_speaks_is_a_400_and_no_job(
    gateway: Gateway, path: str, body: Any
) -> None:
    answer = gateway.post(path, body)
    assert answer.status_code == 400, answer.data
    error = answer.json["error"]
    assert (error["code"], error["param"]) == ("operation_not_supported", "model")
    assert body["model"] in error["message"]
    assert gateway.jobs.get(1) is None


def test_model_with_one_provider_that_speaks_the_operation_is_taken(gateway: Gateway) -> None:
    assert created(gateway, model="mixed")["status"] == "queued"
    assert gateway.queue(request={**CHAT, "model": "claude"})["id"] == 2


def test_stream_in_the_background_that_has_no_place_leaves_no_job(fake_redis: redis.Redis) -> None:
    """A client that is refused comes again: with a job left behind there would be two."""
    settings = new_settings(api_key=SecretStr(API_KEY), stream_limit=1)
    full = build(fake_redis, settings, REGISTRY.providers)
    services: Services = full.client.application.extensions["replyto"]
    with services.waiting.chunk_reader.seat():
        answer = full.post("/v1/responses", {**ASKED, "stream": True})
    assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_many_waiting")
    assert full.jobs.get(1) is None


def test_answer_that_python_reads_and_json_has_not_is_shown_as_it_is(gateway: Gateway) -> None:
    created(gateway)
    gateway.run(1, Result.response(b'{"id":"resp_theirs","n":NaN}'))
    assert gateway.get("/v1/responses/resp_job_1").data == b'{"id":"resp_theirs","n":NaN}'


STORED = {"prompt": {"id": "pmpt_1"}, "background": True}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(STORED, id="a stored prompt"),
        pytest.param({**STORED, "input": "hi"}, id="with an input of its own"),
        pytest.param({"background": True}, id="nothing at all"),
        pytest.param({**STORED, "provider": "acme"}, id="pinned"),
        pytest.param({**STORED, "refId": "r"}, id="with a RefId"),
    ],
)
def test_response_without_a_model_goes_to_a_provider_of_responses(
    gateway: Gateway, body: dict[str, Any]
) -> None:
    for _ in range(2 if "refId" in body else 1):
        answer = gateway.post("/v1/responses", body)
        assert answer.status_code == 200, answer.text
    job = gateway.jobs.get(1)
    assert job is not None
    assert (job.provider, job.model) == ("acme", "m")
    gone = {"background", "provider", "refId"}
    assert json.loads(job.request) == {n: v for n, v in body.items() if n not in gone}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        pytest.param({"input": "hi"}, 400, "model", id="an input alone"),
        pytest.param({"model": None, **STORED}, 400, "model", id="no name"),
        pytest.param({"provider": "anthro", **STORED}, 400, "model", id="of another API"),
        pytest.param({"provider": "gone", **STORED}, 404, "provider", id="of nobody"),
    ],
)
def test_response_that_needs_a_model(
    gateway: Gateway, body: dict[str, Any], status: int, field: str
) -> None:
    answer = gateway.post("/v1/responses", body)
    assert (answer.status_code, answer.json["error"]["param"]) == (status, field)


def test_key_of_some_models_must_name_one(gateway: Gateway) -> None:
    made = gateway.post("/api/CreateApiKey", {"name": "k", "models": ["m"]}, key=ADMIN_SECRET)
    answer = gateway.post("/v1/responses", STORED, key=made.json["key"])
    assert (answer.status_code, answer.json["error"]["param"]) == (400, "model")


@pytest.mark.parametrize("previous", ["\ud800", "resp_\udfff", "a\x00b"])
def test_response_before_it_has_any_name(gateway: Gateway, previous: str) -> None:
    answer = gateway.post("/v1/responses", {**ASKED, "previous_response_id": previous})
    assert answer.status_code < 500, answer.data
