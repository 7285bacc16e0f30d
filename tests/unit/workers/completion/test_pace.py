"""A pass waits for the one before, and for nothing else."""

from __future__ import annotations

from workers.completion.pace import Pace


def test_a_job_alone_does_not_wait_and_many_gather() -> None:
    slept: list[float] = []
    now = 100.0

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(round(seconds, 3))
        now += seconds

    pace = Pace(0.02)
    pace.keep(lambda: now, sleep)
    assert slept == []
    now += 0.005
    pace.keep(lambda: now, sleep)
    assert slept == [0.015]
    now += 1.0
    pace.keep(lambda: now, sleep)
    assert slept == [0.015]
