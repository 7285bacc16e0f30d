"""QueryJobs, GetSummaryStats and GetUsage as clients call them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.jobs.job import JobState
from shared.jobs.moves import Result
from tests.support.factories import START_MS, new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build
from tests.support.history import RESPONSE, ended_job, record

SETTINGS = new_settings(api_key=SecretStr(API_KEY), auth_secret=SecretStr(ADMIN_SECRET))


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return build(fake_redis, SETTINGS)


@pytest.fixture
def filled(gateway: Gateway) -> Gateway:
    jobs = [
        ended_job(1, owner="bootstrap", tag="a"),
        ended_job(2, owner="other", tag="a"),
        ended_job(3, owner="bootstrap", tag="=1+1", state=JobState.FAILED),
    ]
    gateway.redis.set("jobs:id", 3)
    HistoryWriter(gateway.database).store([record(job) for job in jobs])
    return gateway


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.data
    return [row["id"] for row in answer.json["results"]]


def test_query_lists_own_jobs_the_newest_first_with_those_under_way(filled: Gateway) -> None:
    queued, running = filled.queue(tag="a")["id"], filled.queue(tag="a")["id"]
    just_ended = filled.queue(tag="a")["id"]
    filled.jobs.claim(running, "chat.m", 5, "w1")
    filled.run(just_ended, Result.response(RESPONSE))
    assert ids(filled.get("/api/QueryJobs")) == [just_ended, running, queued, 3, 1]
    assert ids(filled.get("/api/QueryJobs?Tag=a&take=2&skip=2")) == [queued, 1]
    assert ids(filled.get("/api/QueryJobs?state=queued")) == [queued]
    assert ids(filled.get("/api/QueryJobs?State=Started")) == [running]
    assert ids(filled.get("/api/QueryJobs?state=Completed")) == [just_ended, 1]
    assert ids(filled.get("/api/QueryJobs?orderBy=id")) == [1, 3]
    kept = [row["isKept"] for row in filled.get("/api/QueryJobs?take=4").json["results"]]
    assert kept == [False, False, False, True]
    answer = filled.get("/api/QueryJobs?tag=a&include=total&take=1").json
    assert (answer["total"], len(answer["results"])) == (4, 1)


def test_query_shows_a_job_once_when_it_comes_into_the_history(filled: Gateway) -> None:
    job_id = filled.queue()["id"]
    filled.run(job_id, Result.response(RESPONSE))
    job = filled.jobs.get(job_id)
    assert job is not None
    HistoryWriter(filled.database).store([record(job)])
    assert ids(filled.get("/api/QueryJobs")) == [job_id, 3, 1]
    # And a page is full: clients take a short one for the last.
    assert ids(filled.get("/api/QueryJobs?take=2")) == [job_id, 3]
    Unstored(filled.redis, SETTINGS).note_stored([job])
    assert ids(filled.get("/api/QueryJobs")) == [job_id, 3, 1]


def test_query_of_somebody_elses_jobs_is_the_admins(filled: Gateway) -> None:
    assert ids(filled.get("/api/QueryJobs?owner=other")) == [3, 1]
    assert ids(filled.get("/api/QueryJobs", key=ADMIN_SECRET)) == [3, 2, 1]
    assert ids(filled.get("/api/QueryJobs?owner=other", key=ADMIN_SECRET)) == [2]
    assert filled.get("/api/QueryJobs", key="ak-wrong").status_code == 401


def test_query_tells_all_but_contents(filled: Gateway) -> None:
    (row,) = filled.get("/api/QueryJobs?refId=ref-1").json["results"]
    assert row == {
        "id": 1,
        "refId": "ref-1",
        "tag": "a",
        "createdBy": "bootstrap",
        "model": "m",
        "provider": "acme",
        "operation": "chat",
        "state": "Completed",
        "statusCode": 200,
        "createdDate": "2023-11-14T22:13:21.000Z",
        "startedDate": "2023-11-14T22:13:21.050Z",
        "executedDate": "2023-11-14T22:13:21.150Z",
        "completedDate": "2023-11-14T22:13:21.160Z",
        "waitedMs": 50,
        "durationMs": 100,
        "attempts": 1,
        "worker": "w1",
        "promptTokens": 10,
        "completionTokens": 20,
        "totalTokens": 30,
        "cachedTokens": 0,
        "isKept": True,
        "streamed": False,
    }


def test_query_leaves_out_fields_that_are_not_asked_for(filled: Gateway) -> None:
    answer = filled.get("/api/QueryJobs?fields=id,Ref_Id,state&take=1").json
    assert answer["results"] == [{"id": 3, "refId": "ref-3", "state": "Failed"}]


def test_query_as_csv_has_a_line_a_job_and_no_formulas(filled: Gateway) -> None:
    answer = filled.get("/api/QueryJobs.csv?fields=id,tag,errorCode")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows == [["id", "tag", "errorCode"], ["3", "'=1+1", "Cancelled"], ["1", "a", ""]]
    assert len(next(csv.reader(io.StringIO(filled.get("/api/QueryJobs.csv").text)))) > 20


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("state=Done", "state", id="no such state"),
        pytest.param("take=1001", "take", id="too many"),
        pytest.param("skip=-1", "skip", id="before the first"),
        pytest.param("orderBy=cost", "orderBy", id="an order that is not kept"),
        pytest.param("from=yesterday", "from", id="no date"),
        pytest.param("fields=id,secret", "fields", id="no such field"),
    ],
)
def test_query_names_what_is_wrong(filled: Gateway, query: str, field: str) -> None:
    answer = filled.get(f"/api/QueryJobs?{query}")
    assert answer.status_code == 400
    assert answer.json["responseStatus"]["errors"][0]["fieldName"] == field


@pytest.mark.parametrize("call", ["QueryJobs", "QueryJobs.csv"])
def test_query_names_the_fields_that_there_are(filled: Gateway, call: str) -> None:
    answer = filled.get(f"/api/{call}?fields=id,Nope")
    message = answer.json["responseStatus"]["message"]
    assert "there is no field 'Nope'; there are id, refId, " in message


def test_query_reads_dates_as_both_wires_write_them(filled: Gateway) -> None:
    for moment in ("2023-11-14T22:13:22Z", f"/Date({START_MS + 2000})/", str(START_MS + 2000)):
        assert ids(filled.get("/api/QueryJobs", query_string={"from": moment})) == [3]


def test_summary_stats_are_of_the_callers_jobs_and_the_admins_of_all(filled: Gateway) -> None:
    own = filled.get("/api/GetSummaryStats").json
    assert own["modelStats"] == [
        {
            "name": "m",
            "total": 2,
            "totalPromptTokens": 10,
            "totalCompletionTokens": 20,
            "totalMinutes": 0.003,
            "tokensPerSecond": 100.0,
        }
    ]
    assert [row["name"] for row in own["monthStats"]] == ["2023-11"]
    everybody = filled.get("/api/GetSummaryStats", key=ADMIN_SECRET).json
    assert everybody["providerStats"][0]["total"] == 3
    assert filled.get("/api/GetSummaryStats?from=2024-01-01").json["modelStats"] == []


def test_usage_is_told_in_detail(filled: Gateway) -> None:
    (row,) = filled.get("/api/GetUsage?groupBy=Key").json["results"]
    assert (row["name"], row["completed"], row["failed"]) == ("bootstrap", 1, 1)
    assert (row["averageWaitMs"], row["p50Ms"], row["p95Ms"]) == (50, 75, 98)
    tags = filled.get("/api/GetUsage?groupBy=tag", key=ADMIN_SECRET).json["results"]
    assert {row["name"]: row["total"] for row in tags} == {"=1+1": 1, "a": 2}
    assert filled.get("/api/GetUsage?groupBy=colour").status_code == 400
