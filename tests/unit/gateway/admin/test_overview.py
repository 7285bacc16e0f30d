"""How things stand."""

from __future__ import annotations

import pytest
import redis
from pydantic import SecretStr

from gateway.admin.overview import setting_rows
from shared.codecs.moments import iso_date
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.settings import Settings
from shared.telemetry.counters import Count, Counters
from shared.telemetry.overview import read_overview
from shared.telemetry.workers import Running, Worker, WorkerBook
from tests.support.factories import START_MS, new_job, new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, build


def test_overview_counts_what_waits_runs_and_is_done(
    ledger_redis: redis.Redis, job_store: JobStore
) -> None:
    for priority in (0, 5, 5, 9):
        job_store.accept(new_job(priority=priority))
    for _ in range(100):
        job_store.accept(new_job(model="other"))
    first = job_store.claim(1, "chat.m", 0, "w")
    job_store.claim(2, "chat.m", 5, "w")
    assert first is not None
    job_store.execute(1, first.attempt, Result.response(b"{}"))

    now = read_overview(ledger_redis)

    assert (now.accepted, now.in_flight, now.executed, now.delayed) == (104, 1, 1, 0)
    by_model = {row.model: (row.interactive, row.queued, row.bulk) for row in now.waiting}
    assert by_model == {"m": (0, 1, 1), "other": (0, 100, 0)}


def test_overview_of_an_empty_ledger_is_all_zero(ledger_redis: redis.Redis) -> None:
    now = read_overview(ledger_redis)

    assert (now.accepted, now.in_flight, now.waiting, now.counts) == (0, 0, (), {})
    assert (now.roll.live, now.roll.lost, now.providers) == ((), (), ())
    assert [(row.name, row.depth, row.lag_s, row.workers) for row in now.stages] == [
        ("completion", 0, 0, 0),
        ("callbacks", 0, 0, 0),
        ("history", 0, 0, 0),
    ]


def test_overview_tells_counts_and_latencies(ledger_redis: redis.Redis) -> None:
    counters = Counters(ledger_redis)
    counters.add(Count.REAPED, 3)
    counters.add_ended({Count.ENDED_COMPLETED: 4}, [0, 5, 6, 10_000_000])

    now = read_overview(ledger_redis)

    assert now.counts == {"reaped": 3, "ended_completed": 4}
    assert {bound: n for bound, n in now.latencies if n} == {5: 2, 10: 1, None: 1}


def test_settings_rows_tell_no_secret() -> None:
    settings = new_settings(
        api_key=SecretStr("ak-very-secret"), redis_url="redis://user:hunter2@localhost/0"
    )

    rows = {row.name: row for row in setting_rows(settings)}

    assert set(rows) == {f"REPLYTO_{name.upper()}" for name in Settings.model_fields}
    assert rows["REPLYTO_API_KEY"].value is None
    assert rows["REPLYTO_API_KEY"].is_secret
    assert rows["REPLYTO_PORT"].value == "5006"
    assert "hunter2" not in str(rows)
    assert "very-secret" not in str(rows)


@pytest.mark.parametrize("dto", ["GetOverview", "GetSettings"])
def test_only_the_admin_may_ask(fake_redis: redis.Redis, dto: str) -> None:
    secrets = {"api_key": SecretStr(API_KEY), "auth_secret": SecretStr(ADMIN_SECRET)}
    gateway = build(fake_redis, new_settings(**secrets))

    assert gateway.get(f"/api/{dto}").status_code == 403
    answer = gateway.get(f"/api/{dto}", key=ADMIN_SECRET)
    assert answer.status_code == 200
    assert ADMIN_SECRET not in answer.text


def test_answer_tells_stages_workers_and_providers(fake_redis: redis.Redis) -> None:
    gateway = build(
        fake_redis,
        new_settings(api_key=SecretStr(API_KEY), auth_secret=SecretStr(ADMIN_SECRET)),
    )
    gateway.queue()
    running = (Running(job=3, since_ms=START_MS, model="m", provider="acme"),)
    worker = Worker(name="chat1@vm", started_ms=START_MS, pid=7, queues=("chat.m",), slots=4)
    busy = {"busy": 1, "running_jobs": 1, "models": {"m": 1}, "providers": {"acme": 1}}
    book = WorkerBook(fake_redis)
    book.beat(worker.model_copy(update={**busy, "running": running}))

    answer = gateway.get("/api/GetOverview", key=ADMIN_SECRET).json

    chat = answer["stages"][0]
    assert chat.pop("lagSecs") >= 0
    assert chat == {
        "name": "chat",
        "model": "m",
        "depth": 1,
        "inFlight": 1,
        "workers": 1,
        "slots": 4,
        "busy": 1,
    }
    assert answer["providers"] == [{"name": "acme", "inUse": 1}]
    (shown,) = answer["workers"]
    assert (shown["name"], shown["pools"], shown["isStopping"]) == ("chat1@vm", ["chat"], False)
    assert shown["running"][0] == {
        "id": 3,
        "model": "m",
        "provider": "acme",
        "startedDate": iso_date(START_MS),
    }
    assert answer["lostWorkers"] == []
    (stats,) = gateway.get("/api/GetWorkerStats", key=ADMIN_SECRET).json["results"]
    assert (stats["name"], stats["runningJob"], stats["queued"]) == ("chat1@vm", 3, 1)
