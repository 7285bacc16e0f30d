"""The learned limit finds a hidden capacity, follows it, and is not led astray by chance."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.queues.adaptive import INTERVAL_MS, Adaptive, Seen, judged

Trace = list[tuple[int, int]]


class Simulation:
    """A provider with room for so many calls, and bulk work that takes all that it may have.

    It refuses what is too much, or has it wait in a line of its own.
    """

    def __init__(
        self,
        capacity: Callable[[int], int],
        *,
        refuses: bool,
        call_ms: int,
        noise: float,
        tells: bool = False,
    ) -> None:
        """`tells`: once a second it says how many calls wait there."""
        self._capacity, self._refuses, self._tells = capacity, refuses, tells
        self._call_ms, self._noise = call_ms, noise
        self._random = random.Random(7)
        self._events: list[tuple[float, int, float, bool]] = []
        self._line: list[float] = []
        self._held = self._running = self._number = 0
        self._seen = Seen()

    def run(self, until_ms: int) -> Trace:
        """Return the limit after each interval."""
        known, now_ms, trace, read_ms, line = Adaptive(), 0.0, [], 0, 0
        for judge_ms in range(INTERVAL_MS, until_ms, INTERVAL_MS):
            while True:
                while self._held < known.limit:
                    self._begin(now_ms)
                if not self._events or self._events[0][0] >= judge_ms:
                    break
                now_ms = self._end()
            now_ms = judge_ms
            if judge_ms % 1000 == 0:
                read_ms, line = judge_ms, len(self._line)
            seen = replace(self._seen, held=self._held, wanted=True)
            if not self._tells:
                known = judged(known, seen, judge_ms)
            elif read_ms > known.judge_ms:
                known = judged(known, seen, judge_ms, line=line)
            self._seen = Seen()
            trace.append((judge_ms, known.limit))
        return trace

    def _begin(self, now_ms: float) -> None:
        self._held += 1
        if self._running < self._capacity(int(now_ms)):
            self._serve(now_ms, now_ms)
        elif self._refuses:
            self._put(now_ms + 2, now_ms, is_answer=False)
        else:
            self._line.append(now_ms)

    def _serve(self, now_ms: float, began_ms: float) -> None:
        self._running += 1
        takes_ms = self._call_ms * (1 + self._random.uniform(-self._noise, self._noise))
        self._put(now_ms + takes_ms, began_ms, is_answer=True)

    def _put(self, at_ms: float, began_ms: float, *, is_answer: bool) -> None:
        self._number += 1
        heapq.heappush(self._events, (at_ms, self._number, began_ms, is_answer))

    def _end(self) -> float:
        now_ms, _, began_ms, is_answer = heapq.heappop(self._events)
        self._held -= 1
        if not is_answer:
            self._seen = self._seen.and_then(Seen(refused=1))
            return now_ms
        took = round(now_ms - began_ms)
        self._seen = self._seen.and_then(Seen(1, took, took**2))
        self._running -= 1
        while self._line and self._running < self._capacity(int(now_ms)):
            self._serve(now_ms, self._line.pop(0))
        return now_ms


def mean(trace: Trace, first_ms: int, last_ms: int) -> float:
    limits = [limit for moment, limit in trace if first_ms <= moment < last_ms]
    return sum(limits) / len(limits)


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "queues"])
@pytest.mark.parametrize(("capacity", "later"), [(10, 5), (40, 20), (200, 60)])
def test_hidden_capacity_is_found_and_followed(capacity: int, later: int, *, refuses: bool) -> None:
    change_ms = 40_000
    trace = Simulation(
        lambda now_ms: capacity if now_ms < change_ms else later,
        refuses=refuses,
        call_ms=200,
        noise=0.1,
    ).run(80_000)
    assert mean(trace, 15_000, change_ms) == pytest.approx(capacity, rel=0.1)
    gave_way_ms = next(m for m, limit in trace if m > change_ms and limit <= 1.15 * later)
    assert gave_way_ms - change_ms <= 7_000
    assert mean(trace, change_ms + 15_000, 80_000) == pytest.approx(later, rel=0.1)


@pytest.mark.parametrize("noise", [0.1, 0.8])
@pytest.mark.parametrize(("capacity", "later"), [(10, 5), (40, 20), (200, 60)])
def test_line_that_is_told_gives_the_capacity_however_long_answers_take(
    capacity: int, later: int, noise: float
) -> None:
    change_ms = 60_000
    trace = Simulation(
        lambda now_ms: capacity if now_ms < change_ms else later,
        refuses=False,
        call_ms=500,
        noise=noise,
        tells=True,
    ).run(120_000)
    assert mean(trace, 30_000, change_ms) == pytest.approx(capacity, rel=0.1)
    gave_way_ms = next(m for m, limit in trace if m > change_ms and limit <= 1.15 * later)
    assert gave_way_ms - change_ms <= 7_000
    assert mean(trace, change_ms + 15_000, 120_000) == pytest.approx(later, rel=0.1)


def test_more_room_is_found() -> None:
    trace = Simulation(
        lambda now_ms: 10 if now_ms < 20_000 else 16, refuses=True, call_ms=100, noise=0.1
    ).run(120_000)
    assert mean(trace, 100_000, 120_000) == pytest.approx(16, rel=0.1)


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "queues"])
def test_answers_of_all_lengths_do_not_shut_it(*, refuses: bool) -> None:
    trace = Simulation(lambda _: 40, refuses=refuses, call_ms=200, noise=0.8).run(60_000)
    assert 0.75 * 40 <= mean(trace, 20_000, 60_000) <= 1.25 * 40


def test_what_takes_longer_by_itself_is_learned_anew() -> None:
    known = Adaptive(limit=16, good=16, bad=17, quick_ms=100.0, judge_ms=0)
    now_ms = 0
    for _ in range(40):
        now_ms += 2_000
        seen = Seen(40, 40 * 400, 40 * 400**2, held=known.limit, wanted=True)
        known = judged(known, seen, now_ms)
    assert known.limit >= 16
    assert known.quick_ms == pytest.approx(400, rel=0.05)


def test_limit_that_nobody_uses_stays() -> None:
    known = Adaptive(limit=8, good=8)
    idle = Seen(10, 1000, 100_000, held=2, wanted=False)
    assert judged(known, idle, 1_000).limit == 8
    assert judged(known, Seen(), 2_000) == known


def test_limit_is_one_at_least_and_the_operators_at_most() -> None:
    known = Adaptive(limit=1, good=1)
    assert judged(known, Seen(refused=9), 1_000).limit == 1
    seen = Seen(40, 4000, 400_000, held=8, wanted=True)
    assert judged(Adaptive(limit=8, good=4), seen, 1_000, most=10).limit == 10
