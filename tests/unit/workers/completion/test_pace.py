"""Passes wait for those before if they are many, and for nothing else."""

from __future__ import annotations

from workers.completion.pace import Pace

GAP_S, LONGEST_S = 0.02, 0.05


class Passes:
    """A process that makes passes, in a time of its own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._pace = Pace(GAP_S, LONGEST_S, at_once=3)

    def one(self, found: int = 1) -> float:
        """Make a pass that finds so many; return how long it was kept waiting (seconds)."""
        began_s = self.now_s
        self._pace.keep(lambda: self.now_s, self._sleep)
        if found:
            self._pace.passed(lambda: self.now_s, found)
        return round(self.now_s - began_s, 6)

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_few_do_not_wait_and_many_are_a_gap_apart() -> None:
    passes = Passes()
    assert [passes.one() for _ in range(7)] == [0, 0, 0, 0, GAP_S, GAP_S, GAP_S]
    passes.now_s += GAP_S / 2
    assert passes.one() == GAP_S / 2


def test_after_a_rest_they_are_at_once_again_however_many_there_were() -> None:
    passes = Passes()
    for _ in range(1000):
        passes.one()
    passes.now_s += 4 * GAP_S
    assert [passes.one() for _ in range(4)] == [0, 0, 0, 0]


def test_passes_that_are_apart_never_wait_and_empty_ones_count_as_none() -> None:
    passes = Passes()
    for _ in range(50):
        passes.now_s += GAP_S
        assert passes.one() == passes.one(found=0) == passes.one(found=0) == 0


def test_many_jobs_gather_longer_and_few_do_not() -> None:
    passes = Passes()
    for _ in range(10):
        passes.one(found=300)
    assert [passes.one(found) for found in (5, 300, 1, 1)] == [LONGEST_S, 0.04, LONGEST_S, GAP_S]


def test_a_backlog_worked_off_at_once_makes_no_debt() -> None:
    passes = Passes()
    for _ in range(1000):
        # Full passes follow one another without a look at the pace.
        passes._pace.passed(lambda: passes.now_s, 300)
    passes.now_s += 4 * GAP_S
    assert passes.one() == 0
