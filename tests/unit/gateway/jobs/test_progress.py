"""What a follower hears of a job that has not begun to answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from gateway.jobs.progress import QueueProgress, pause_s
from shared.jobs.job import Attempt
from shared.jobs.moves import Position, Result
from shared.ledger.job_store import JobStore
from tests.support.factories import FakeClock, new_job


class Listener:
    """Somebody who follows a job; the clock counts in seconds."""

    def __init__(self, jobs: JobStore, job_id: int) -> None:
        self.now_s = 0.0
        self._progress = QueueProgress(jobs, job_id, lambda: self.now_s)

    def hears(self, after_s: float = 20.0) -> tuple[str, Any] | None:
        """Return the event's name and data, if there is one after this while."""
        self.now_s += after_s
        told = self._progress.look()
        if told is None:
            return None
        name, data = told.decode().removesuffix("\n\n").split("\n")
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@pytest.fixture
def jobs(job_store: JobStore) -> JobStore:
    return job_store


def accept(jobs: JobStore) -> int:
    return jobs.accept(new_job(streamed=True)).id


def test_place_in_line_is_told_first_and_when_it_changes(jobs: JobStore) -> None:
    first, second, third = (accept(jobs) for _ in range(3))
    listener = Listener(jobs, third)
    assert listener.hears() == (
        "queued",
        {"queuePosition": 2, "status": "Queued, 2 jobs before it"},
    )
    assert listener.hears() is None
    jobs.claim(first, "chat.m", 5, "w1")
    name, told = listener.hears() or ("", {})
    assert (name, told["queuePosition"]) == ("queued", 1)
    assert told["estimatedStartSecs"] >= 0
    jobs.claim(second, "chat.m", 5, "w1")
    jobs.claim(third, "chat.m", 5, "w1")
    assert listener.hears() == ("started", {"status": "Started, attempt 1"})
    assert listener.hears() is None


def test_place_in_line_is_looked_at_once_a_second_at_most(jobs: JobStore) -> None:
    listener = Listener(jobs, accept(jobs))
    assert listener.hears()
    ahead = jobs.accept(new_job(priority=0)).id
    assert ahead
    assert listener.hears(0.5) is None
    assert listener.hears(0.6)


@pytest.mark.parametrize(
    ("position", "expected_s"),
    [
        pytest.param(None, 1.0, id="not in line"),
        pytest.param(Position(5, 0.0), 1.0, id="a line that does not move"),
        pytest.param(Position(0, 2.0), 1.0, id="next in line"),
        pytest.param(Position(100, 1.0), 5.0, id="in a hundred seconds"),
        pytest.param(Position(10_000, 1.0), 10.0, id="in hours"),
    ],
)
def test_who_is_far_back_hears_less_often(position: Position | None, expected_s: float) -> None:
    assert pause_s(position) == expected_s


def test_job_that_waits_for_another_attempt_tells_why(
    jobs: JobStore, fake_clock: FakeClock
) -> None:
    job_id = accept(jobs)
    claim = jobs.claim(job_id, "chat.m", 5, "w1")
    assert claim is not None
    record = Attempt(1, "acme", fake_clock(), 5, "failed", 500, "It answered 500.")
    jobs.defer(job_id, claim.attempt, 30.0, record)
    name, told = Listener(jobs, job_id).hears() or ("", {})
    assert name == "queued"
    assert "queuePosition" not in told
    assert told["status"] == "Queued for another attempt; attempt 1 failed: It answered 500."


def test_nothing_is_told_of_a_job_that_has_ended_or_is_gone(jobs: JobStore) -> None:
    job_id = accept(jobs)
    claim = jobs.claim(job_id, "chat.m", 5, "w1")
    assert claim is not None
    jobs.execute(job_id, claim.attempt, Result.response(b"{}"))
    assert Listener(jobs, job_id).hears() is None
    assert Listener(jobs, 999).hears() is None


def test_nothing_is_told_while_the_ledger_is_away(
    jobs: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise redis.ConnectionError("away")

    listener = Listener(jobs, accept(jobs))
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "summaries", away)
        assert listener.hears() is None
    assert listener.hears()
