"""Cancelling: a job that waits ends at once, one that runs lets go of its LLM."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.receiver import Callback
from tests.acceptance.system.stack import CALLBACKS, COMPLETION, GATEWAY, REDIS, Stack


def cancel(api: Api, **which: object) -> dict[str, object]:
    response = api.post("/api/CancelJob", json=which)
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


def assert_told(callback: Callback, job_id: int) -> None:
    assert callback.headers["x-job-state"] == "Cancelled"
    assert callback.headers["x-job-id"] == str(job_id)
    assert b'"job_cancelled"' in callback.body


@pytest.fixture(scope="module")
def idle_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ReplyTo whose chat workers have not come yet: jobs wait."""
    with Stack(tmp_path_factory.mktemp("idle")) as stack:
        yield stack.open(REDIS, GATEWAY, COMPLETION, CALLBACKS)


def test_queued_job_ends_cancelled_and_its_callback_says_so(idle_stack: Stack) -> None:
    with idle_stack.api() as api:
        queued = api.queue(chat("demo-instant"), replyTo=idle_stack.receiver.url("/queued"))
        assert cancel(api, refId=queued["refId"])["status"] == "cancelled"
        status = api.until_ended(queued["id"])
        assert status["jobState"] == "Cancelled"
        assert status["responseStatus"]["errorCode"] == "Cancelled"
        [callback] = idle_stack.receiver.wait_for("/queued")
        assert_told(callback, queued["id"])
        assert cancel(api, id=queued["id"]) == {
            "id": queued["id"],
            "refId": queued["refId"],
            "jobState": "Cancelled",
            "status": "ended",
        }


def test_cancelled_job_is_not_run_when_a_worker_comes(idle_stack: Stack) -> None:
    with idle_stack.api() as api:
        first = api.queue(chat("demo-instant", "never asked"))
        cancel(api, id=first["id"])
        second = api.queue(chat("demo-instant", "asked"))
        idle_stack.start("chat1")
        assert api.until_ended(second["id"])["jobState"] == "Completed"
        assert api.until_ended(first["id"])["jobState"] == "Cancelled"
    assert idle_stack.llm_calls("never asked") == []


def test_running_job_closes_the_llms_connection_and_its_callback_says_so(
    stack: Stack, api: Api
) -> None:
    marker = uuid.uuid4().hex
    path = f"/running/{marker}"
    queued = api.queue(chat("demo-hang", marker), replyTo=stack.receiver.url(path))
    until(lambda: stack.llm_calls(marker), "the LLM is called")
    assert stack.llm_calls_over(marker) == 0
    assert cancel(api, id=queued["id"])["status"] == "aborting"
    until(lambda: stack.llm_calls_over(marker), "the LLM's connection is closed")
    assert api.until_ended(queued["id"])["jobState"] == "Cancelled"
    [callback] = stack.receiver.wait_for(path)
    assert_told(callback, queued["id"])


def test_job_between_two_attempts_ends_cancelled(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    queued = api.queue(chat("demo-fail-429", marker))
    until(
        lambda: "another attempt" in api.status(queued["id"])["status"],
        "the first attempt has failed",
        every_s=0.005,
    )
    assert cancel(api, id=queued["id"])["status"] == "cancelled"
    assert api.until_ended(queued["id"])["jobState"] == "Cancelled"
    assert len(stack.llm_calls(marker)) == 1


def test_waiting_client_is_answered_when_its_job_is_cancelled(stack: Stack, api: Api) -> None:
    ref_id = uuid.uuid4().hex
    with stack.api() as waiting, ThreadPoolExecutor(1) as thread:
        body = chat("demo-hang", ref_id, refId=ref_id)
        answer = thread.submit(waiting.post, "/v1/chat/completions", json=body)
        until(lambda: stack.llm_calls(ref_id), "the LLM is called")
        cancel(api, refId=ref_id)
        assert answer.result(120).status_code == 499
        assert answer.result().json()["error"]["code"] == "job_cancelled"
