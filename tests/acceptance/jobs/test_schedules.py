"""Schedules over the API of a whole ReplyTo: made, run, due, paused, deleted, each owner's own."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import Any

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack


def _call(api: Api, name: str, /, **body: Any) -> dict[str, Any]:
    response = api.post(f"/api/{name}", json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def _refusal(api: Api, name: str, /, **body: Any) -> tuple[int, str]:
    response = api.post(f"/api/{name}", json=body)
    return response.status_code, response.json()["responseStatus"].get("errors", [{}])[0].get(
        "fieldName", ""
    )


def test_schedule_is_made_run_paused_and_deleted(stack: Stack) -> None:
    with stack.api() as api:
        made = _call(
            api,
            "CreateSchedule",
            name="x",
            cron="30 7 * * MON-FRI",
            timeZone="Europe/Berlin",
            request=chat("demo-instant"),
            replyTo=stack.receiver.url("/run-now"),
        )
        found = _call(api, "QuerySchedules", id=made["id"], times=3)["results"]
        assert (len(found), len(found[0]["nextDates"])) == (1, 3)
        ran = _call(api, "RunSchedule", id=made["id"], refId="by hand")
        assert ran["refId"] == "by hand"
        assert api.until_ended(ran["id"])["jobState"] == "Completed"
        stack.receiver.wait_for("/run-now")
        paused = _call(api, "UpdateSchedule", id=made["id"], paused=True)
        assert (paused["paused"], paused["nextDates"], paused["name"]) == (True, [], "x")
        assert _call(api, "DeleteSchedule", id=made["id"])["id"] == made["id"]
        assert _refusal(api, "RunSchedule", id=made["id"])[0] == 404


def test_schedule_that_is_due_makes_its_job(stack: Stack) -> None:
    with stack.api() as api:
        made = _call(api, "CreateSchedule", cron="0 0 1 1 *", request=chat("demo-instant"))
        # New Year's Eve comes early.
        with closing(sqlite3.connect(stack.directory / "history.db", timeout=30)) as book, book:
            book.execute(
                "UPDATE schedules SET next_ms = ?, document = replace(document, ?, ?)",
                (int(time.time() // 60) * 60_000, "0 0 1 1 *", "* * * * *"),
            )

        def last_job() -> int | None:
            return _call(api, "QuerySchedules", id=made["id"])["results"][0].get("lastJobId")

        job_id = until(last_job, "a job of the schedule")
        _call(api, "DeleteSchedule", id=made["id"])
        job = api.get("/api/GetOpenAiChat", params={"Id": job_id}).json()["result"]
        assert job["refId"].startswith(f"{made['id']}:")
        assert job["refId"].endswith(":00.000Z")


def test_schedule_that_could_make_no_job_is_refused_by_name(stack: Stack) -> None:
    call: dict[str, Any] = {"cron": "@daily", "request": chat("demo-instant")}
    with stack.api() as api:
        for wrong, field in (
            ({"cron": "every day"}, "cron"),
            ({"timeZone": "Mars"}, "timeZone"),
            ({"endpoint": "/v1/files"}, "endpoint"),
            ({"request": "text"}, "request"),
            ({"request": {"model": "demo-instant"}}, "messages"),
            ({"request": {**call["request"], "runAfter": 5}}, "request"),
            ({"catchUp": "never"}, "catchUp"),
            ({"jitterSecs": -1}, "jitterSecs"),
        ):
            assert _refusal(api, "CreateSchedule", **{**call, **wrong}) == (400, field), wrong
        nothing = {**call, "request": chat("nonsense")}
        assert _refusal(api, "CreateSchedule", **nothing)[0] == 404
        assert _refusal(api, "UpdateSchedule", id="sched_none")[0] == 404
