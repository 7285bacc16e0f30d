"""Names in any casing, and every way in which ServiceStack's clients send a request."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.stack import Stack


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            {"Model": "demo-instant", "Messages": [{"Role": "user", "Content": "%s"}],
             "MaxTokens": 5, "TopLogProbs": 1, "RefId": "%s", "Tag": "t"},
            id="PascalCase",
        ),
        pytest.param(
            {"model": "demo-instant", "messages": [{"role": "user", "content": "%s"}],
             "maxTokens": 5, "topLogProbs": 1, "refId": "%s", "tag": "t"},
            id="camelCase",
        ),
        pytest.param(
            {"model": "demo-instant", "messages": [{"role": "user", "content": "%s"}],
             "max_tokens": 5, "top_logprobs": 1, "ref_id": "%s", "tag": "t"},
            id="snake_case",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/api/OpenAiChatCompletion", "/json/reply/OpenAiChatCompletion"],
)
def test_names_in_any_casing_reach_the_llm_as_openais(
    stack: Stack, api: Api, path: str, body: dict[str, Any]
) -> None:
    marker = uuid.uuid4().hex
    answer = api.post(path, json=json.loads(json.dumps(body).replace("%s", marker)))
    assert answer.status_code == 200, answer.text
    [call] = stack.llm_calls(marker)
    assert json.loads(call.body) == {
        **chat("demo-instant", marker), "max_tokens": 5, "top_logprobs": 1,
    }  # fmt: skip


@pytest.mark.parametrize("prefix", ["/api/", "/json/reply/"])
@pytest.mark.parametrize(
    "names",
    [
        ("RefId", "ReplyTo", "Request"),
        ("refId", "replyTo", "request"),
        ("ref_id", "reply_to", "request"),
    ],
    ids=["PascalCase", "camelCase", "snake_case"],
)
def test_queue_takes_its_envelope_in_any_casing(
    stack: Stack, api: Api, prefix: str, names: tuple[str, str, str]
) -> None:
    ref_id = uuid.uuid4().hex
    values = (ref_id, stack.receiver.url(f"/names/{ref_id}"), chat("demo-instant", ref_id))
    answer = api.post(
        f"{prefix}QueueOpenAiChatCompletion", json=dict(zip(names, values, strict=True))
    )
    assert answer.json()["refId"] == ref_id
    [callback] = stack.receiver.wait_for(f"/names/{ref_id}")
    assert callback.headers["x-ref-id"] == ref_id


@pytest.mark.parametrize(
    ("path", "query"),
    [
        pytest.param("/api/GetOpenAiChatStatus", {"jobId": 0, "refId": "%s"}, id="as Python sends"),
        pytest.param("/api/GetOpenAiChatStatus", {"RefId": "%s"}, id="as the status URL says"),
        pytest.param("/api/GetOpenAiChatStatus", {"REFID": "%s"}, id="names without case"),
        pytest.param("/api/GetOpenAiChatStatus.json", {"ref_id": "%s"}, id="format suffix"),
        pytest.param("/json/reply/GetOpenAiChatStatus", {"refId": "%s"}, id="older clients"),
    ],
)
def test_queries_bind_the_query_string(api: Api, path: str, query: dict[str, Any]) -> None:
    ref_id = uuid.uuid4().hex
    job_id = api.queue(chat("demo-instant"), refId=ref_id)["id"]
    sent = {name: ref_id if value == "%s" else value for name, value in query.items()}
    # JavaScript's client names a content type although there is no body.
    answer = api.get(path, params=sent, headers={"Content-Type": "application/json"})
    assert (answer.json()["jobId"], answer.json()["refId"]) == (job_id, ref_id)


@pytest.mark.parametrize("how", ["json", "data", "params"])
def test_queries_take_post_with_json_form_or_query(api: Api, how: str) -> None:
    job_id = api.queue(chat("demo-instant"))["id"]
    answer = api.post("/api/GetOpenAiChatStatus", **{how: {"JobId": str(job_id)}})
    assert answer.json()["jobId"] == job_id


def test_body_overrules_the_query_string(api: Api) -> None:
    one, other = (api.queue(chat("demo-instant"))["id"] for _ in range(2))
    answer = api.post("/api/GetOpenAiChatStatus", params={"jobId": one}, json={"jobId": other})
    assert answer.json()["jobId"] == other


def test_chat_can_be_sent_as_a_form(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    form = {
        "Model": "demo-instant",
        "Messages": json.dumps([{"role": "user", "content": marker}]),
        "MaxTokens": "5",
        "RefId": "12345" + marker,
        "Tag": "7",
    }
    # A query beside a body is for the server.
    answer = api.post("/api/OpenAiChatCompletion", data=form, params={"api-version": "1"})
    assert answer.status_code == 200, answer.text
    [call] = stack.llm_calls(marker)
    assert json.loads(call.body) == {**chat("demo-instant", marker), "max_tokens": 5}


def test_json_that_curl_calls_a_form_is_read_as_json(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = json.dumps(chat("demo-instant", marker))
    assert api.post("/v1/chat/completions", data=body, headers=headers).status_code == 200
    [call] = stack.llm_calls(marker)
    assert call.body.decode() == body


def test_key_is_taken_as_bearer_or_as_x_api_key(stack: Stack) -> None:
    with stack.api(key=None) as api:
        answers = [
            api.get("/v1/models", headers=headers).status_code
            for headers in (
                {"Authorization": f"Bearer {stack.api_key}"},
                {"Authorization": f"bearer {stack.api_key}"},
                {"X-Api-Key": stack.api_key},
            )
        ]
    assert answers == [200, 200, 200]
