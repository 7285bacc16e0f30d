"""A tick is killed at each of its steps; whoever comes next makes one job of each time."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest
import redis

from shared.database.database import Database
from shared.ledger.job_store import JobStore
from shared.providers.provider import Provider, Registry
from shared.schedules.cron import next_time
from shared.schedules.schedule import CatchUp, Schedule
from shared.schedules.store import ScheduleStore
from shared.store import redis_keys as keys
from shared.store.client import connect
from shared.telemetry.counters import Counters
from tests.conftest import RedisServer
from tests.support.factories import MessageLists, SecondsClock, new_settings
from tests.unit.workers.killed import NEVER, killed_at
from workers.process import Process
from workers.schedules.ticker import ScheduleDeps, run_schedules

pytestmark = pytest.mark.integration

#: 2026-05-01 12:00:00 UTC, unix seconds.
NOON_S = 1_777_636_800
BODY = '{"model":"m","messages":[{"role":"user","content":"x"}]}'
#: Steps that a tick has at least: its jobs, and what it notes of them.
LEAST_STEPS = 8


def _deps(client: redis.Redis, database: str, now_s: float) -> ScheduleDeps:
    settings = new_settings()
    registry = Registry([Provider(name="p", type="openai", base_url="http://x/v1", models=["m"])])
    process = Process(settings, client, Counters(client), clock=SecondsClock(now_s))
    kept = Database(database)
    jobs = JobStore(client, settings, lambda: round(now_s * 1000))
    return ScheduleDeps(process, registry, kept, ScheduleStore(kept), jobs)


def _with_a_schedule(folder: Path) -> Path:
    """Return a database that has one which is due twice until twenty past."""
    path = folder / "first.db"
    database = Database(f"sqlite:///{path}")
    now_ms = NOON_S * 1000
    due_ms = next_time("*/10 * * * *", "UTC", now_ms)
    ScheduleStore(database).create(
        Schedule(
            "sched_1",
            "key_1",
            "",
            "*/10 * * * *",
            "UTC",
            "/v1/chat/completions",
            BODY,
            now_ms,
            next_ms=due_ms,
            catch_up=CatchUp.ALL,
        )
    )
    # All of it is in the one file now, to be copied.
    database.close()
    return path


def test_each_time_has_one_job_wherever_the_tick_dies(
    redis_server: RedisServer, real_redis: redis.Redis, tmp_path: Path
) -> None:
    first = _with_a_schedule(tmp_path)

    def tick(database: str, now_s: float) -> None:
        client = connect(redis_server.url, timeout_s=60, name="tests")
        run_schedules(_deps(client, database, now_s))

    for step in count(1):
        real_redis.flushall()
        path = shutil.copy(first, tmp_path / f"{step}.db")
        url = f"sqlite:///{path}"
        was_killed = killed_at(step, lambda url=url: tick(url, NOON_S + 1200))
        # The clock goes on until another is there.
        killed_at(NEVER, lambda url=url: tick(url, NOON_S + 1202))

        found = sorted(name.decode()[-13:-8] for name in real_redis.keys(keys.ref("key_1", "*")))
        assert found == ["12:10", "12:20"], step
        assert int(real_redis.get(keys.JOB_ID) or 0) == 2, step
        assert sorted(MessageLists(real_redis).chat_ids()) == [1, 2], step
        kept = ScheduleStore(Database(url)).find("sched_1", None)
        assert kept is not None
        assert kept.next_ms == (NOON_S + 1800) * 1000, step
        assert (kept.jobs, kept.last_job, kept.problem) == (2, 2, ""), step
        if not was_killed:
            break
    assert step > LEAST_STEPS
