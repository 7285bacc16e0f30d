"""Flow keys over the API: every queued call takes one, and those that are waited for refuse it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from openai import OpenAI

from tests.acceptance.system.api import QUEUED_CALLS, Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

_CHAT = chat("demo-instant")


@pytest.mark.parametrize(("path", "body"), QUEUED_CALLS)
def test_each_queued_call_takes_a_flow_key_and_refuses_nonsense(
    api: Api, path: str, body: dict[str, Any]
) -> None:
    wrong = api.post(path, json={**body, "flowKey": "k", "rate": "fast"})
    if wrong.status_code == 404 or "does not support" in wrong.text:
        pytest.skip(f"no provider of this stack does that: {wrong.text}")
    assert (wrong.status_code, "rate must say" in wrong.text) == (400, True), wrong.text
    told = api.post(path, json={**body, "flow_key": f"k{path}", "max_parallel": 1, "runAfter": 60})
    assert told.status_code == 200, told.text
    job_id = int(str(told.json().get("jobId") or told.json()["id"]).removeprefix("resp_job_"))
    assert api.job(job_id)["flowKey"] == f"k{path}"
    api.post("/api/CancelJob", json={"id": job_id}).raise_for_status()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/OpenAiChatCompletion"])
def test_call_that_somebody_waits_for_has_no_flow_key(api: Api, path: str) -> None:
    told = api.post(path, json={**_CHAT, "flowKey": "k", "maxParallel": 1})
    assert told.status_code == 400
    assert told.json()["error"]["param"] == "flowKey"


def test_rate_holds_and_the_status_tells_it(api: Api) -> None:
    flow = {"flowKey": f"rate-{time.time()}", "rate": "2/2s"}
    jobs = [api.queue(_CHAT, **flow)["id"] for _ in range(4)]
    status = api.status(jobs[3])
    assert status["flow"]["rate"] == "2/2s"
    assert [api.until_ended(job_id)["jobState"] for job_id in jobs] == ["Completed"] * 4
    started = sorted(api.job(job_id)["startedDate"] for job_id in jobs)
    assert (_seconds(started[2]) - _seconds(started[0])) % 60 >= 2.0 - 0.002


def _seconds(moment: str) -> float:
    return float(moment.rstrip("Z").split("+")[0].rsplit(":", 1)[1])


def test_lines_of_a_batch_have_the_flow_of_its_metadata_or_their_own(
    stack: Stack, api: Api
) -> None:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        own = {"flowKey": "own", "maxParallel": 3}
        bodies = [_CHAT, {**_CHAT, **own}]
        lines = [
            {"custom_id": f"c{n}", "method": "POST", "url": "/v1/chat/completions", "body": body}
            for n, body in enumerate(bodies)
        ]
        text = "\n".join(map(json.dumps, lines)).encode()
        file = client.files.create(file=("in.jsonl", text), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"flow_key": "all", "max_parallel": "2"},
        )
        done = until(
            lambda: b if (b := client.batches.retrieve(batch.id)).output_file_id else None, "done"
        )
        assert done.request_counts.completed == 2
    keys = [
        api.get("/api/GetOpenAiChat", params={"RefId": f"{batch.id}:c{n}"}).json()["result"]
        for n in (0, 1)
    ]
    assert [job["flowKey"] for job in keys] == ["all", "own"]


def test_schedule_gives_its_jobs_the_flow_of_its_request(api: Api) -> None:
    request = {**_CHAT, "flowKey": "nightly", "rate": "1/m"}
    made = api.post("/api/CreateSchedule", json={"cron": "0 3 * * *", "request": request})
    assert made.status_code == 200, made.text
    ran = api.post("/api/RunSchedule", json={"id": made.json()["id"]})
    assert api.job(ran.json()["id"])["flowKey"] == "nightly"
    api.post("/api/DeleteSchedule", json={"id": made.json()["id"]}).raise_for_status()
