"""Jobs that left the ledger are answered from the history, to their owner alone."""

from __future__ import annotations

import pytest
import redis

from shared.database.database import Database
from shared.history.writer import HistoryWriter
from shared.jobs.failures import CANCELLED
from shared.jobs.job import JobState
from shared.jobs.moves import Result
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build
from tests.support.history import ended_job, record

RESPONSE = b'{"id":"x","choices":[],"usage":{"total_tokens":3.0}}'
BOTH = ["GetOpenAiChatStatus?{}", "GetOpenAiChat?{}", "WaitForOpenAiChat?{}"]


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return build(fake_redis, new_settings(api_key=API_KEY, auth_secret=ADMIN_SECRET))


def store(gateway: Gateway, job_id: int) -> None:
    job = gateway.jobs.get(job_id)
    assert job is not None
    HistoryWriter(gateway.database).store([record(job)])


@pytest.mark.parametrize("call", BOTH)
@pytest.mark.parametrize(
    "result", [Result.response(RESPONSE), Result.failure(CANCELLED)], ids=["answer", "failure"]
)
def test_ended_job_is_answered_the_same_when_it_has_left_the_ledger(
    gateway: Gateway, call: str, result: Result
) -> None:
    job_id = gateway.queue(refId="r", tag="t")["id"]
    gateway.run(job_id, result)
    store(gateway, job_id)
    name = "jobId" if "Status" in call else "id"
    calls = [f"/api/{call.format(which)}" for which in ("refId=r", f"{name}={job_id}")]
    before = [gateway.get(path) for path in calls]
    gateway.redis.flushall()
    assert [gateway.get(path).data for path in calls] == [answer.data for answer in before]
    assert [answer.status_code for answer in before] == [200, 200]


def test_job_tells_the_request_that_made_it_also_from_the_history(gateway: Gateway) -> None:
    answer = gateway.post(
        "/api/QueueOpenAiChatCompletion", {"request": CHAT}, headers={"x-request-id": "trace-7"}
    )
    path = f"/api/GetOpenAiChat?id={answer.json['id']}"
    gateway.run(answer.json["id"], Result.response(RESPONSE))
    store(gateway, answer.json["id"])
    in_ledger = gateway.get(path).json["result"]["requestId"]
    gateway.redis.flushall()
    assert (in_ledger, gateway.get(path).json["result"]["requestId"]) == ("trace-7", "trace-7")


def test_job_of_somebody_else_is_not_found_in_the_history(gateway: Gateway) -> None:
    HistoryWriter(gateway.database).store([record(ended_job(7, owner="other"))])
    for which in ("id=7", "refId=ref-7"):
        assert gateway.get(f"/api/GetOpenAiChat?{which}").status_code == 404
    assert gateway.get("/api/GetOpenAiChat?id=7", key=ADMIN_SECRET).status_code == 200
    assert gateway.get("/api/GetOpenAiChat?id=7&refId=no", key=ADMIN_SECRET).status_code == 404


def test_latest_job_is_meant_when_a_ref_id_was_used_again(gateway: Gateway) -> None:
    again = [ended_job(n, owner="bootstrap", ref_id="r", model=f"m{n}") for n in (1, 2)]
    HistoryWriter(gateway.database).store([record(job) for job in again])
    assert gateway.get("/api/GetOpenAiChat?refId=r").json["result"]["id"] == 2


def test_own_job_is_found_when_ids_began_again(gateway: Gateway) -> None:
    jobs = [ended_job(1, owner="bootstrap"), ended_job(1, owner="other", after_s=60)]
    HistoryWriter(gateway.database).store([record(job) for job in jobs])
    assert gateway.get("/api/GetOpenAiChat?id=1").json["result"]["createdBy"] == "bootstrap"


def test_cancel_of_a_job_in_the_history_says_that_it_has_ended(gateway: Gateway) -> None:
    failed = ended_job(7, owner="bootstrap", state=JobState.FAILED)
    HistoryWriter(gateway.database).store([record(failed)])
    answer = gateway.post("/api/CancelJob", {"id": 7}).json
    assert (answer["status"], answer["jobState"]) == ("ended", "Failed")


def test_stream_of_a_job_in_the_history_is_gone(gateway: Gateway) -> None:
    HistoryWriter(gateway.database).store([record(ended_job(7, owner="bootstrap", streamed="1"))])
    assert gateway.get("/api/StreamOpenAiChat?id=7").status_code == 410


def test_unknown_job_is_a_503_and_a_known_one_answered_while_the_database_is_away(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = gateway.queue(refId="r")["id"]
    away = Database("sqlite:////proc/none/history.db")
    monkeypatch.setattr(Database, "read", lambda _, work: away.write(work))
    assert gateway.get(f"/api/GetOpenAiChatStatus?jobId={known}").status_code == 200
    answer = gateway.get("/api/GetOpenAiChatStatus?jobId=99")
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "database_unavailable"
