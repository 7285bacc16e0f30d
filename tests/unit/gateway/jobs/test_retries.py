"""Jobs that failed are queued again: the same job, a new generation, once."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pydantic import SecretStr

from shared.callbacks.delivery_store import DeliveryAttempt, DeliveryState, DeliveryStore, NextStep
from shared.history.unstored import Unstored
from shared.history.writer import HistoryWriter
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Executed, Result, Retried
from shared.ledger.job_store import JobStore
from shared.security.signing import message_id
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build
from tests.support.history import ended_job, record

FAILURE = Result.failure(CANCELLED)
ANSWER = Result.response(b'{"id":"x"}')


def read(jobs: JobStore, job_id: int) -> Job:
    job = jobs.get(job_id)
    assert job is not None
    return job


def run(jobs: JobStore, lists: MessageLists, job_id: int, result: Result) -> Job:
    """Claim, execute and complete the job that is next in line."""
    assert lists.take("chat.m") == job_id
    claim = jobs.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    jobs.execute(job_id, claim.attempt, result)
    jobs.complete([read(jobs, job_id)])
    return read(jobs, job_id)


def test_retry_runs_the_job_again_to_another_end(
    job_store: JobStore, lists: MessageLists, fake_clock: FakeClock, ledger_redis: redis.Redis
) -> None:
    job_id = job_store.accept(new_job(ref_id="r")).id
    failed = run(job_store, lists, job_id, FAILURE)
    fake_clock.advance(5000)
    assert job_store.retry(failed) is Retried.QUEUED
    queued = read(job_store, job_id)
    assert (queued.state, queued.generation, queued.error, queued.status) == ("Queued", 1, None, 0)
    assert queued.deadline_ms == fake_clock() + 86_400_000
    assert job_store.accept(new_job(ref_id="r")).is_new is False
    assert ledger_redis.exists(keys.UNSTORED) == 0

    ended = run(job_store, lists, job_id, ANSWER)
    assert (ended.state, ended.attempt, ended.response) == ("Completed", 2, ANSWER.body)


def test_retry_counts_attempts_anew_but_goes_on_with_their_numbers(
    job_store: JobStore, lists: MessageLists
) -> None:
    job_id = job_store.accept(new_job()).id
    job_store.retry(run(job_store, lists, job_id, FAILURE))
    lists.take("chat.m")
    claim = job_store.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    assert (claim.attempt, claim.attempts_before, claim.try_number) == (2, 1, 1)
    assert job_store.execute(job_id, 1, ANSWER) is Executed.REFUSED


@pytest.mark.parametrize("state", ["Queued", "Started", "Executed", "Completed"])
def test_retry_keeps_a_job_that_has_not_failed(
    job_store: JobStore, lists: MessageLists, ledger_redis: redis.Redis, state: str
) -> None:
    job_id = job_store.accept(new_job()).id
    if state == "Completed":
        run(job_store, lists, job_id, ANSWER)
    ledger_redis.hset(keys.job(job_id), "state", state)
    assert job_store.retry(read(job_store, job_id)) is Retried.KEPT
    assert read(job_store, job_id).generation == 0


def test_retry_that_comes_twice_queues_once(job_store: JobStore, lists: MessageLists) -> None:
    failed = run(job_store, lists, job_store.accept(new_job()).id, FAILURE)
    assert [job_store.retry(failed), job_store.retry(failed)] == [Retried.QUEUED, Retried.KEPT]
    assert lists.chat_ids() == [failed.id]


def test_retry_puts_a_job_back_that_left_the_ledger(
    job_store: JobStore, lists: MessageLists, ledger_redis: redis.Redis
) -> None:
    gone = ended_job(7, state=JobState.FAILED, tag="t", reply_to="https://example.com/cb")
    assert job_store.retry(gone) is Retried.UNKNOWN
    assert job_store.retry(gone, put_back=True) is Retried.QUEUED
    back = read(job_store, 7)
    assert (back.created_ms, back.request, back.tag) == (gone.created_ms, gone.request, "t")
    assert back.attempts == gone.attempts
    assert job_store.find_id("key1", "ref-7") == 7
    assert run(job_store, lists, 7, ANSWER).state is JobState.COMPLETED
    assert ledger_redis.pttl(keys.job(7)) == -1


def test_retry_stops_a_delivery_and_the_next_end_makes_a_new_one(
    job_store: JobStore, delivery_store: DeliveryStore, lists: MessageLists
) -> None:
    job_id = job_store.accept(new_job(reply_to="https://example.com/cb")).id
    failed = run(job_store, lists, job_id, FAILURE)
    in_flight = delivery_store.claim(job_id)
    assert in_flight is not None
    job_store.retry(failed)
    stopped = delivery_store.get(job_id)
    assert stopped is not None
    assert stopped.state is DeliveryState.STOPPED

    ended = run(job_store, lists, job_id, ANSWER)
    row = DeliveryAttempt(in_flight.attempt, "schedule", 0, 1, "")
    late = NextStep(DeliveryState.DELIVERED, "ok")
    assert delivery_store.finish(ended, in_flight, row, late) is False
    new = delivery_store.get(job_id)
    assert new is not None
    assert new.state is DeliveryState.PENDING


def test_second_result_has_another_webhook_id() -> None:
    assert [message_id(7), message_id(7, 1), message_id(7, 2)] == ["msg_7", "msg_7_2", "msg_7_3"]


def test_history_follows_a_job_that_was_retried(
    job_store: JobStore, lists: MessageLists, ledger_redis: redis.Redis, settings: Settings
) -> None:
    unstored = Unstored(ledger_redis, settings)
    failed = run(job_store, lists, job_store.accept(new_job()).id, FAILURE)
    job_store.retry(failed)
    run(job_store, lists, failed.id, ANSWER)
    # What was read before the retry is stored and noted late.
    unstored.note_stored([failed])
    assert unstored.ids(10) == [failed.id]
    unstored.note_stored([read(job_store, failed.id)])
    assert unstored.ids(10) == []


# --- the wire -------------------------------------------------------------------------------------


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    keys_ = {"api_key": SecretStr(API_KEY), "auth_secret": SecretStr(ADMIN_SECRET)}
    return build(fake_redis, new_settings(**keys_))


def fill(gateway: Gateway, **fields: Any) -> None:
    jobs = [
        ended_job(n, owner="bootstrap", state=JobState.FAILED, **{"tag": "t", **fields})
        for n in (1, 2, 3)
    ]
    jobs += [ended_job(4, owner="bootstrap", tag="t"), ended_job(5, state=JobState.FAILED, tag="t")]
    HistoryWriter(gateway.database).store([record(job) for job in jobs])


def test_retry_job_is_for_the_owner_and_for_jobs_that_failed(gateway: Gateway) -> None:
    fill(gateway)
    answer = gateway.post("/api/RetryJob", {"refId": "ref-2"})
    assert answer.json == {"id": 2, "refId": "ref-2", "jobState": "Queued"}
    assert gateway.get("/api/GetOpenAiChatStatus?jobId=2").json["jobState"] == "Queued"
    assert gateway.post("/api/RetryJob", {"id": 5}).status_code == 404
    for job_id in (2, 4):
        refused = gateway.post("/api/RetryJob", {"id": job_id})
        assert (refused.status_code, refused.json["error"]["code"]) == (422, "job_not_retryable")


def test_retry_job_is_refused_when_its_request_is_not_kept(gateway: Gateway) -> None:
    fill(gateway, request=b"")
    assert gateway.post("/api/RetryJob", {"id": 1}).status_code == 422


def test_retry_jobs_queues_those_that_match_after_a_dry_run(gateway: Gateway) -> None:
    fill(gateway)
    assert gateway.post("/api/RetryJobs", {"tag": "t", "dryRun": True}).json == {
        "matched": 3,
        "retried": 0,
        "dryRun": True,
    }
    assert gateway.get("/api/QueryJobs?state=Queued").json["results"] == []
    asked = {"tag": "t", "take": 2}
    assert gateway.post("/api/RetryJobs", asked).json["retried"] == 2
    queued = gateway.get("/api/QueryJobs?state=Queued").json["results"]
    assert [row["id"] for row in queued] == [2, 1]
    # Those that are on their way hide nothing behind them.
    again = [gateway.post("/api/RetryJobs", asked).json for _ in range(2)]
    assert [(one["matched"], one["retried"]) for one in again] == [(3, 1), (3, 0)]


@pytest.mark.parametrize("body", [{}, {"state": "Completed"}, {"dryRun": True}])
def test_retry_jobs_wants_to_know_which(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = gateway.post("/api/RetryJobs", body)
    assert answer.status_code == 400
    assert answer.json["responseStatus"]["errors"][0]["fieldName"] == "state"
