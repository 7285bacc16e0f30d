"""RefId as an idempotency key: however many calls at once, one job and one call of the LLM."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.stack import Stack

CALLERS = 40


def all_at_once(stack: Stack, path: str, body: bytes) -> list[requests.Response]:
    """POST the same body from so many clients at the same moment."""
    together = threading.Barrier(CALLERS)

    def call(_: int) -> requests.Response:
        with stack.api() as api:
            # A connection of its own, made before the start.
            api.get("/up")
            together.wait()
            return api.post(path, data=body, headers={"Content-Type": "application/json"})

    with ThreadPoolExecutor(CALLERS) as callers:
        return list(callers.map(call, range(CALLERS)))


def test_simultaneous_posts_make_one_job_and_one_llm_call_when_queued(
    stack: Stack, api: Api
) -> None:
    ref_id = uuid.uuid4().hex
    before = int(stack.redis.get("jobs:id") or 0)
    body = {"refId": ref_id, "request": chat("demo-slow-300ms", ref_id)}
    answers = all_at_once(stack, "/api/QueueOpenAiChatCompletion", json.dumps(body).encode())
    assert {answer.status_code for answer in answers} == {200}
    [job_id] = {answer.json()["id"] for answer in answers}
    api.until_ended(job_id)
    assert len(stack.llm_calls(ref_id)) == 1
    assert int(stack.redis.get("jobs:id")) == before + 1


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/OpenAiChatCompletion"])
def test_simultaneous_sync_calls_all_get_the_one_answer(stack: Stack, path: str) -> None:
    ref_id = uuid.uuid4().hex
    body = chat("demo-slow-300ms", ref_id, refId=ref_id)
    answers = all_at_once(stack, path, json.dumps(body).encode())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["x-job-id"] for answer in answers}) == 1
    assert len(stack.llm_calls(ref_id)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"request": chat("demo-instant", "other")}, id="another message"),
        pytest.param({"replyTo": "http://127.0.0.1:1/other"}, id="another ReplyTo"),
        pytest.param({"request": chat("demo-instant", temperature=1.0)}, id="one more field"),
    ],
)
def test_ref_id_with_another_body_is_refused(
    stack: Stack, api: Api, changed: dict[str, object]
) -> None:
    ref_id = uuid.uuid4().hex
    answer = api.queue(chat("demo-instant"), refId=ref_id)
    again = {"refId": ref_id, "request": chat("demo-instant")}
    refused = api.post("/api/QueueOpenAiChatCompletion", json={**again, **changed})
    assert refused.status_code == 422
    assert refused.json()["error"]["param"] == "refId"
    assert refused.json()["responseStatus"]["errors"][0]["fieldName"] == "refId"
    repeated = api.post("/api/QueueOpenAiChatCompletion", json=again)
    assert repeated.json()["id"] == answer["id"]


def test_ref_id_of_an_ended_job_gives_its_answer_again(stack: Stack, api: Api) -> None:
    ref_id = uuid.uuid4().hex
    body = chat("demo-instant", ref_id, refId=ref_id)
    first, second = (api.post("/v1/chat/completions", json=body) for _ in range(2))
    assert first.content == second.content
    assert len(stack.llm_calls(ref_id)) == 1
