"""The pass of maintenance."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
import redis

from shared.jobs.job import JobState
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, new_job
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.maintenance.delayed import bring_forward
from workers.maintenance.recovery import Tick


@pytest.fixture
def deps(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Deps:
    return build(fake_redis, settings, fake_clock, FakeLlm())


def _started(deps: Deps) -> int:
    job_id = deps.jobs.accept(new_job()).id
    assert deps.jobs.claim(job_id, "chat.m", 5, "w") is not None
    return job_id


def _state(deps: Deps, job_id: int) -> JobState:
    job = deps.jobs.get(job_id)
    assert job is not None
    return job.state


def test_tick_requeues_a_job_whose_lease_is_past_due(deps: Deps, fake_clock: FakeClock) -> None:
    job_id, tick = _started(deps), Tick(deps.tick)
    tick()
    fake_clock.advance(30)
    tick()
    assert _state(deps, job_id) is JobState.QUEUED


def test_tick_gives_live_workers_time_to_renew_when_ledger_comes_back(
    deps: Deps, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage all leases are past due, but the attempts still run."""
    job_id, tick = _started(deps), Tick(deps.tick)
    tick()

    def fail() -> int:
        raise redis.ConnectionError

    with monkeypatch.context() as outage:
        outage.setattr(deps.recovery, "promote_jobs", fail)
        with pytest.raises(redis.ConnectionError):
            tick()
    fake_clock.advance(60)
    tick()
    assert _state(deps, job_id) is JobState.STARTED
    fake_clock.advance(deps.settings.lease_renew_s)
    tick()
    assert _state(deps, job_id) is JobState.QUEUED


def test_tick_gives_live_workers_time_to_renew_when_the_clock_is_set_ahead(
    deps: Deps, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a machine has slept: all leases are past due, but the attempts still run."""
    renew_s, redis_s = deps.settings.lease_renew_s, [1000.0]
    monkeypatch.setattr(deps.tick.process.redis, "time", lambda: (redis_s[0], 0))
    job_id, tick = _started(deps), Tick(deps.tick)
    # How long it takes by a clock that is never set, and by Redis's.
    steps = ((0.0, 0.0), (renew_s, renew_s), (60.0, 3600.0), (renew_s, renew_s))
    seen = []
    for ours_s, its_s in steps:
        fake_clock.advance(ours_s)
        redis_s[0] += its_s
        tick()
        seen.append(_state(deps, job_id))
    assert seen == [JobState.STARTED] * 3 + [JobState.QUEUED]


def test_job_that_nobody_can_read_hides_no_other(deps: Deps, fake_clock: FakeClock) -> None:
    newer, other = (deps.jobs.accept(new_job(timeout_s=5)).id for _ in range(2))
    deps.redis.hset(keys.job(newer), "operation", "of-a-newer-version")
    tick = Tick(deps.tick)
    fake_clock.advance(6)
    tick()
    assert _state(deps, other) is JobState.EXECUTED
    due_ms = deps.redis.zscore(keys.DEADLINES, str(newer))
    assert due_ms is not None
    assert due_ms > fake_clock.now_ms
    bring_forward(deps.tick)


def test_part_that_fails_keeps_no_other_from_being_done(
    deps: Deps,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job_id, maintenance = _started(deps), deps.tick
    tick = Tick(maintenance)
    tick()
    for name in ("promote_jobs", "dispatch_jobs", "bring_forward"):
        wrong = redis.ResponseError(f"{name}: attempt to compare nil with number")
        monkeypatch.setattr(deps.recovery, name, Mock(side_effect=wrong))
    fake_clock.advance(30)
    for _ in range(2):
        tick()
        bring_forward(maintenance)
    assert _state(deps, job_id) is JobState.QUEUED
    told = [line.split(":")[1] for line in caplog.messages if "left out" in line]
    assert told == [" delayed attempts", " windows", " delayed jobs"]
