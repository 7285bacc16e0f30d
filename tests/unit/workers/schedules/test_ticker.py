"""Ticks make one job of each time of a schedule, however many tick at once or die."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from sqlalchemy import update

from shared.api_keys import book
from shared.api_keys.issued import NewKey
from shared.api_keys.limits import Limits
from shared.api_keys.scopes import Scope
from shared.database.database import Database
from shared.errors import QueueFull
from shared.jobs.job import NewJob
from shared.ledger.job_store import JobStore
from shared.providers.provider import Provider, Registry
from shared.schedules.cron import next_time
from shared.schedules.schedule import CatchUp, Schedule
from shared.schedules.store import ScheduleStore
from shared.schedules.tables import schedules
from shared.store import redis_keys as keys
from shared.telemetry.counters import Counters
from tests.support.factories import SecondsClock, new_settings
from workers.process import Process
from workers.schedules import ticker
from workers.schedules.ticker import ScheduleDeps, run_schedules

#: 2026-05-01 12:00:00 UTC, unix seconds.
NOON_S = 1_777_636_800
BODY = '{"model":"m","messages":[{"role":"user","content":"x"}]}'


@pytest.fixture
def clock() -> SecondsClock:
    return SecondsClock(float(NOON_S))


@pytest.fixture
def deps_of(
    real_redis: redis.Redis, tmp_path: Path, clock: SecondsClock
) -> Callable[[], ScheduleDeps]:
    """Return what makes the dependencies of one process."""
    settings = new_settings()
    registry = Registry([Provider(name="p", type="openai", base_url="http://x/v1", models=["m"])])

    def make() -> ScheduleDeps:
        process = Process(settings, real_redis, Counters(real_redis), clock=clock)
        database = Database(f"sqlite:///{tmp_path}/history.db")
        jobs = JobStore(real_redis, settings, lambda: round(clock.now_s * 1000))
        return ScheduleDeps(process, registry, database, ScheduleStore(database), jobs)

    return make


def made(deps: ScheduleDeps, cron: str = "*/10 * * * *", **more: Any) -> Schedule:
    now_ms = round(deps.process.clock() * 1000)
    one = Schedule(
        "sched_1", "key_1", "nightly", cron, "UTC", "/v1/chat/completions", BODY, now_ms,
        next_ms=next_time(cron, "UTC", now_ms), **more,
    )  # fmt: skip
    deps.schedules.create(one)
    return one


def refs(client: redis.Redis) -> list[str]:
    """Return the times of the jobs that there are."""
    found = client.keys(keys.ref("key_1", "*"))
    return sorted(name.decode().rsplit("sched_1:2026-05-01T", 1)[1][:5] for name in found)


def read(deps: ScheduleDeps) -> Schedule:
    found = deps.schedules.find("sched_1", None)
    assert found is not None
    return found


@pytest.mark.integration
def test_three_ticks_at_once_make_one_job_of_each_time(
    deps_of: Callable[[], ScheduleDeps], real_redis: redis.Redis, clock: SecondsClock
) -> None:
    processes = [deps_of() for _ in range(3)]
    made(processes[0], "* * * * *")
    for minute in range(1, 6):
        clock.now_s = NOON_S + 60 * minute
        ticks = [threading.Thread(target=run_schedules, args=[one]) for one in processes]
        for tick in ticks:
            tick.start()
        for tick in ticks:
            tick.join()
    assert refs(real_redis) == ["12:01", "12:02", "12:03", "12:04", "12:05"]
    assert int(real_redis.get(keys.JOB_ID)) == 5
    assert (read(processes[0]).jobs, read(processes[0]).last_job) == (5, 5)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("policy", "due"),
    [
        pytest.param(CatchUp.SKIP, ["13:10"], id="skip"),
        pytest.param(CatchUp.ONCE, ["13:00", "13:10"], id="once"),
        pytest.param(
            CatchUp.ALL, ["12:10", "12:20", "12:30", "12:40", "12:50", "13:00", "13:10"], id="all"
        ),
    ],
)
def test_after_an_hour_without_ticks_the_policy_decides(
    deps_of: Callable[[], ScheduleDeps],
    real_redis: redis.Redis,
    clock: SecondsClock,
    policy: CatchUp,
    due: list[str],
) -> None:
    deps = deps_of()
    made(deps, catch_up=policy)
    clock.now_s += 3_900
    for _ in range(400):
        run_schedules(deps)
        clock.now_s += 1
    assert refs(real_redis) == due


@pytest.mark.integration
def test_tick_that_died_before_it_went_on_is_repeated_and_makes_nothing_twice(
    deps_of: Callable[[], ScheduleDeps], real_redis: redis.Redis, clock: SecondsClock
) -> None:
    deps = deps_of()
    before = made(deps)
    clock.now_s += 600
    run_schedules(deps)
    # As it was before, but for what it has noted.
    deps.schedules.save(replace(read(deps), next_ms=before.next_ms, request=BODY))
    run_schedules(deps)
    deps.schedules.save(replace(read(deps), next_ms=before.next_ms, tag="changed meanwhile"))
    run_schedules(deps)
    assert refs(real_redis) == ["12:10"]
    assert int(real_redis.get(keys.JOB_ID)) == 1


@pytest.mark.integration
def test_job_has_what_the_schedule_says_and_its_jitter_is_a_delay(
    deps_of: Callable[[], ScheduleDeps], real_redis: redis.Redis, clock: SecondsClock
) -> None:
    deps = deps_of()
    one = made(deps, tag="t", reply_to="https://a.example/", provider="p", jitter_s=120)
    clock.now_s += 600
    run_schedules(deps)
    job = deps.jobs.get(1)
    assert job is not None
    assert (job.tag, job.reply_to, job.provider) == ("t", "https://a.example/", "p")
    due_ms = (NOON_S + 600) * 1000
    assert job.run_after_ms == due_ms + round(one.delay_s(due_ms) * 1000)


@pytest.mark.integration
def test_what_cannot_be_a_job_is_told_and_the_next_time_comes(
    deps_of: Callable[[], ScheduleDeps], real_redis: redis.Redis, clock: SecondsClock
) -> None:
    deps = deps_of()
    made(deps)
    models = deps.registry.providers
    clock.now_s += 600
    deps.registry.replace([])
    run_schedules(deps)
    assert "does not exist" in read(deps).problem
    deps.registry.replace(models)
    clock.now_s += 600
    run_schedules(deps)
    assert (read(deps).problem, refs(real_redis)) == ("", ["12:20"])


@pytest.mark.integration
def test_schedule_of_a_key_that_is_gone_is_paused(
    deps_of: Callable[[], ScheduleDeps], real_redis: redis.Redis, clock: SecondsClock
) -> None:
    deps = deps_of()
    made(deps, key_id="key_77")
    clock.now_s += 600
    run_schedules(deps)
    found = read(deps)
    assert (found.paused, found.next_ms, found.problem) == (True, None, "its API key is gone")
    assert refs(real_redis) == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        pytest.param({"scopes": frozenset((Scope.READ,))}, "may not chat any more", id="scopes"),
        pytest.param({"models": ("other",)}, "model_not_found", id="models"),
        pytest.param({"limits": Limits(concurrent_jobs=1)}, "too_many_jobs", id="limits"),
    ],
)
def test_schedule_may_do_what_its_key_may_do_now(
    deps_of: Callable[[], ScheduleDeps],
    real_redis: redis.Redis,
    clock: SecondsClock,
    changed: dict[str, Any],
    problem: str,
) -> None:
    deps = deps_of()
    new, secret = NewKey(name="k"), "ak-" + "x" * 40
    key = deps.database.write(lambda connection: book.issue(connection, new, secret, 1)).id
    made(deps, key_id=f"key_{key}")
    deps.database.write(lambda connection: book.change(connection, key, changed, 2))
    # Another job of it is under way.
    real_redis.hset(keys.job(7), "state", "Started")
    real_redis.zadd(keys.live(f"key_{key}"), {"7": 1})
    clock.now_s += 600
    run_schedules(deps)
    assert problem in read(deps).problem
    assert refs(real_redis) == []


@pytest.mark.integration
def test_those_without_room_hold_up_no_later_one_of_others(
    deps_of: Callable[[], ScheduleDeps], clock: SecondsClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticker, "_MOST", 2)
    monkeypatch.setattr(ticker, "_PAGES", 1)
    deps, made_of = deps_of(), list[str]()
    one = made(deps)
    for number in range(2, 6):
        owner = "key_2" if number == 5 else "key_1"
        deps.schedules.create(replace(one, id=f"sched_{number}", owner=owner))

    def accept(new: NewJob) -> SimpleNamespace:
        if new.owner == "key_1":
            raise QueueFull
        made_of.append(new.owner)
        return SimpleNamespace(id=7)

    monkeypatch.setattr(deps.jobs, "accept", accept)
    clock.now_s += 600
    for _ in range(3):
        run_schedules(deps)
    assert made_of == ["key_2"]
    assert read(deps).problem.startswith("queue_full: The queue of this model")
    # Behind the last one it begins anew.
    monkeypatch.setattr(deps.jobs, "accept", lambda _: SimpleNamespace(id=8))
    run_schedules(deps)
    assert (read(deps).problem, read(deps).last_job) == ("", 8)


@pytest.mark.integration
def test_one_that_cannot_be_run_is_told_once_and_holds_up_no_other(
    deps_of: Callable[[], ScheduleDeps],
    real_redis: redis.Redis,
    clock: SecondsClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    deps = deps_of()
    one = made(deps)
    deps.schedules.create(replace(one, id="sched_0", next_ms=one.created_ms))
    deps.schedules.create(replace(one, id="sched_01", zone="Mars/Base"))
    deps.schedules.create(replace(one, id="sched_02", endpoint="/v2/of-a-newer-version"))
    broken = update(schedules).where(schedules.c.id == "sched_0").values(document="{")
    deps.database.write(lambda connection: connection.execute(broken))
    clock.now_s += 600
    for _ in range(3):
        run_schedules(deps)
    assert refs(real_redis) == ["12:10"]
    problems = {found.id: found.problem for found in deps.schedules.page(None, 0, 9)[0]}
    assert problems["sched_0"].startswith("what is kept of it cannot be read")
    assert problems["sched_01"] == "not run: the time zone Mars/Base is not known here"
    assert problems["sched_02"].startswith("not run: KeyError")
    assert problems["sched_1"] == ""
    told = [line for line in caplog.messages if "left out" in line or "not yet" in line]
    assert len(told) == 4
