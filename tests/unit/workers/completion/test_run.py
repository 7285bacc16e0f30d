"""Completion in batches."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redis

from shared.jobs.job import JobState
from shared.jobs.moves import Result
from shared.ledger.completion import Gathered
from shared.store import redis_keys as keys
from shared.telemetry.tally import Counts, Tallied
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.completion import run
from workers.completion.run import complete_executed


@pytest.fixture
def deps(fake_redis: redis.Redis, fake_clock: FakeClock) -> Deps:
    return build(fake_redis, new_settings(), fake_clock, FakeLlm())


def _execute(deps: Deps, count: int) -> list[int]:
    jobs, ids = deps.jobs, []
    for _ in range(count):
        job_id = jobs.accept(new_job()).id
        MessageLists(deps.redis).take("chat.m")
        claim = jobs.claim(job_id, "chat.m", 5, "w")
        assert claim is not None
        jobs.execute(job_id, claim.attempt, Result.response(b"{}"))
        ids.append(job_id)
    return ids


def test_completion_ends_all_executed_jobs_over_many_batches(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 7)
    ids = _execute(deps, 7 * 3 + 2)
    assert complete_executed(deps.completion) == 7 * 3 + 2
    states = {job.state for job in deps.jobs.summaries(ids) if job is not None}
    assert states == {JobState.COMPLETED}
    assert complete_executed(deps.completion) == 0


def test_completion_leaves_the_work_to_the_process_that_is_at_it(deps: Deps) -> None:
    _execute(deps, 1)
    assert deps.jobs.completion.gather("another", 10, 7).ids
    assert complete_executed(deps.completion) == 0
    assert deps.jobs.completion.gather("another", 10, 7).ids


def test_completion_goes_on_when_a_job_is_executed_while_it_leaves(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather, comes_late = deps.jobs.completion.gather, iter([False, True, False])

    def gather_as_one_comes(*args: Any) -> Gathered:
        if next(comes_late):
            _execute(deps, 1)
        return gather(*args)

    monkeypatch.setattr(deps.jobs.completion, "gather", gather_as_one_comes)
    _execute(deps, 1)
    assert complete_executed(deps.completion) == 2


def test_completion_drops_an_id_whose_job_is_gone(deps: Deps) -> None:
    (job_id,) = _execute(deps, 1)
    deps.redis.delete(f"job:{job_id}")
    assert complete_executed(deps.completion) == 0
    assert deps.jobs.executed(10) == []


def test_each_job_that_ends_is_counted_once_with_how_long_it_took(
    deps: Deps, fake_clock: FakeClock
) -> None:
    _execute(deps, 2)
    complete_executed(deps.completion)
    ended = deps.jobs.summaries([1, 2])
    # The doorbell may ring again for what is done.
    for job in ended:
        assert job is not None
        deps.redis.zadd(keys.EXECUTED, {str(job.id): 1})
    complete_executed(deps.completion)
    deps.tally.flush(deps.redis)
    counts = Counts.read(deps.redis)
    assert list(counts.of(Tallied.JOBS).values()) == [2]
    (labels,) = counts.of(Tallied.JOBS)
    assert (labels[0], *labels[2:]) == ("m", "chat", "completed")
    for what in (Tallied.WAIT, Tallied.RUN, Tallied.TOTAL):
        assert sum(counts.histograms(what)["m",].buckets) == 2


def test_job_that_cannot_be_completed_holds_up_nobody(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody has foreseen is traced, and the others end; the next pass tries it again."""
    ids = _execute(deps, 5)
    complete = deps.jobs.complete

    def complete_but_one(jobs: Any, *rest: Any) -> Any:
        if any(job.id == ids[2] for job in jobs):
            raise LookupError("boo")
        return complete(jobs, *rest)

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(deps.jobs.completion, "complete", complete_but_one)
        assert complete_executed(deps.completion) == 4
    assert "Traceback" in caplog.text
    assert f"job {ids[2]} could not be completed" in caplog.text
    states = [job.state for job in deps.jobs.summaries(ids) if job is not None]
    assert states == [JobState.COMPLETED] * 2 + [JobState.EXECUTED] + [JobState.COMPLETED] * 2
    # Its place is not taken: whoever rings next completes it.
    assert complete_executed(deps.completion) == 1
