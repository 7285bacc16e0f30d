"""Delayed jobs: every queued call may say when, and none runs before."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.system.api import QUEUED_CALLS, chat
from tests.acceptance.system.stack import Stack

_CHAT = chat("demo-instant")


def _told(stack: Stack, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    with stack.api() as api:
        response = api.post(path, json=body)
        return response.status_code, response.json()


def test_delayed_chat_runs_at_its_moment_and_says_so_until_then(stack: Stack) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=3)
    with stack.api() as api:
        queued = api.queue(_CHAT, runAfter=moment.isoformat())
        status = api.get(queued["statusUrl"].removeprefix(stack.url)).json()
        assert status["jobState"] == "Queued"
        shown = moment.isoformat(timespec="milliseconds").replace("+00:00", "")
        assert status["runAfter"].startswith(shown[:-2])
        assert "not to run before" in status["status"]
        ended = api.until_ended(queued["id"])
        assert ended["jobState"] == "Completed"
        job = api.get("/api/GetOpenAiChat", params={"Id": queued["id"]}).json()["result"]
    started = datetime.fromisoformat(job["startedDate"])
    assert moment - timedelta(milliseconds=2) <= started
    # To the second, as far as this machine has time for it.
    assert started - moment < timedelta(seconds=10)


@pytest.mark.parametrize(("path", "body"), QUEUED_CALLS)
def test_each_queued_call_takes_run_after_and_refuses_nonsense(
    stack: Stack, path: str, body: dict[str, Any]
) -> None:
    code, told = _told(stack, path, {**body, "runAfter": "in a while"})
    if code == 404 or "does not support" in str(told):
        pytest.skip(f"no provider of this stack does that: {told}")
    assert (code, "runAfter" in str(told)) == (400, True), told
    code, told = _told(stack, path, {**body, "run_after": 3600})
    assert code == 200, told
    job_id = told.get("jobId") or told["id"]
    number = int(str(job_id).removeprefix("resp_job_"))
    time.sleep(0.5)
    with stack.api() as api:
        status = api.get("/api/GetOpenAiChatStatus", params={"JobId": number}).json()
        assert status["jobState"] == "Queued", status
        assert "runAfter" in status
        assert api.post("/api/CancelJob", json={"id": number}).json()["status"] == "cancelled"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/OpenAiChatCompletion"])
def test_call_that_somebody_waits_for_cannot_be_delayed(stack: Stack, path: str) -> None:
    code, told = _told(stack, path, {**_CHAT, "runAfter": 5})
    assert code == 400
    assert told["error"]["param"] == "runAfter"
