"""Callbacks as their receiver sees them: signed, whole, repeated until they are taken."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.receiver import Callback
from tests.acceptance.system.stack import Stack
from tests.support.webhook_ids import is_id_of, the_one_id


def verified(stack: Stack, callback: Callback) -> Any:
    """Return the body of a callback whose signature the library accepts; it raises otherwise."""
    return Webhook(stack.callback_secret).verify(callback.body, callback.headers)


def new_path() -> str:
    return f"/callbacks/{uuid.uuid4().hex}"


def test_callback_is_signed_and_says_whose_it_is(stack: Stack, api: Api) -> None:
    path = new_path()
    query = "?order=42&next=%2Fa%20b%3F&empty=&u=%C3%BC&order=43&plus=a+b"
    ref_id = f"ref {uuid.uuid4().hex}"
    queued = api.queue(
        chat("demo-instant", path),
        replyTo=stack.receiver.url(path + query),
        refId=ref_id,
        tag="t 1",
    )
    [callback] = stack.receiver.wait_for(path)
    assert (callback.method, callback.target) == ("POST", path + query)
    assert verified(stack, callback)["choices"][0]["message"]["content"].endswith(path)
    expected = {
        "x-job-id": str(queued["id"]),
        "x-ref-id": ref_id,
        "x-tag": "t 1",
        "x-job-state": "Completed",
        "x-attempt": "1",
        "content-type": "application/json",
    }
    assert {name: callback.headers[name] for name in expected} == expected
    assert is_id_of(callback.headers["webhook-id"], queued["id"])
    assert "ReplyTo" in callback.headers["user-agent"]


def test_sync_call_posts_a_callback_when_it_names_one(stack: Stack, api: Api) -> None:
    path = new_path()
    body = chat("demo-instant", path, replyTo=stack.receiver.url(path))
    answer = api.post("/v1/chat/completions", json=body)
    [callback] = stack.receiver.wait_for(path)
    assert callback.body == answer.content


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        pytest.param("demo-fail-400", "BadRequest", None, id="the request is refused"),
        pytest.param("demo-fail-500", "InternalServerError", None, id="all attempts fail"),
    ],
)
def test_failure_is_posted_with_its_error_and_whose_it_is(
    stack: Stack, api: Api, model: str, status: str, code: str | None
) -> None:
    path = new_path()
    queued = api.queue(chat(model, path), replyTo=stack.receiver.url(path))
    [callback] = stack.receiver.wait_for(path)
    body = verified(stack, callback)
    assert callback.headers["x-job-state"] == "Failed"
    assert (body["id"], body["refId"]) == (queued["id"], queued["refId"])
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert body["responseStatus"]["errorCode"] == status


def test_receiver_that_fails_first_gets_the_same_callback_again(stack: Stack, api: Api) -> None:
    path = new_path()
    stack.receiver.plan(path, 500)
    queued = api.queue(chat("demo-instant", path), replyTo=stack.receiver.url(path))
    first, second = stack.receiver.wait_for(path, 2)
    assert first.body == second.body
    assert the_one_id((one.headers["webhook-id"] for one in (first, second)), queued["id"])
    assert (first.headers["x-attempt"], second.headers["x-attempt"]) == ("1", "2")
    assert verified(stack, first) == verified(stack, second)
    # The schedule's first pause; how much later it comes is up to the machine.
    assert second.received_at - first.received_at >= 5


def test_receiver_that_is_gone_for_good_is_not_asked_again(stack: Stack, api: Api) -> None:
    path = new_path()
    stack.receiver.plan(path, 410)
    job_id = api.queue(chat("demo-instant", path), replyTo=stack.receiver.url(path))["id"]
    stack.receiver.wait_for(path)
    after = api.queue(chat("demo-instant"), replyTo=stack.receiver.url(path + "/after"))
    stack.receiver.wait_for(path + "/after")
    assert api.until_ended(after["id"])["jobState"] == "Completed"
    assert "notifiedDate" not in api.job(job_id)
    assert len(stack.receiver.received(path)) == 1


def test_job_says_when_its_receiver_was_told(stack: Stack, api: Api) -> None:
    path = new_path()
    job_id = api.queue(chat("demo-instant", path), replyTo=stack.receiver.url(path))["id"]
    stack.receiver.wait_for(path)
    job = api.job(job_id)
    assert job["replyTo"] == stack.receiver.url(path)
    assert json.loads(job["meta"]["attempts"])[0]["provider"] == "demo"
