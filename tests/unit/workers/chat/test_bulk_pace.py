"""Bulk jobs begin slowly while somebody calls."""

from __future__ import annotations

import gevent
import pytest

from shared.queues.names import BULK, INTERACTIVE, QUEUED
from tests.support.factories import SecondsClock
from workers.chat.bulk_pace import BulkPace
from workers.chat.lanes import Lanes


class _Machine:
    """Clocks that go on while somebody sleeps or works."""

    def __init__(self) -> None:
        self.clock, self.cpu = SecondsClock(), SecondsClock(0.0)
        self.pace = BulkPace(self.clock, self.cpu, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.clock.now_s += seconds

    def work(self, seconds: float) -> None:
        self.clock.now_s += seconds
        self.cpu.now_s += seconds

    def began_s(self) -> float:
        """Let a bulk job begin; return when it did."""
        self.pace.wait()
        return self.clock.now_s


@pytest.fixture
def machine() -> _Machine:
    return _Machine()


def test_nobody_waits_without_calls(machine: _Machine) -> None:
    for _ in range(10):
        before_s = machine.clock.now_s
        machine.work(0.01)
        assert machine.began_s() == before_s + 0.01


def test_a_fourth_of_the_time_is_worked_while_somebody_calls(machine: _Machine) -> None:
    machine.pace.call_came()
    machine.began_s()
    first_s = machine.clock.now_s
    for _ in range(10):
        machine.pace.call_came()
        machine.work(0.002)
        machine.began_s()
    assert machine.clock.now_s - first_s == pytest.approx(10 * 4 * 0.002)


def test_jobs_that_wait_for_their_llm_begin_as_they_come(machine: _Machine) -> None:
    machine.pace.call_came()
    machine.began_s()
    for _ in range(10):
        machine.pace.call_came()
        machine.work(0.001)
        machine.sleep(0.3)
        before_s = machine.clock.now_s
        assert machine.began_s() == before_s


def test_calls_that_keep_a_worker_busy_do_not_keep_others_out(machine: _Machine) -> None:
    machine.pace.call_came()
    first_s = machine.began_s()
    machine.pace.call_came()
    machine.work(0.09)
    assert machine.began_s() - first_s == pytest.approx(0.1)


def test_they_begin_freely_again_when_nobody_has_called_for_a_second(machine: _Machine) -> None:
    machine.pace.call_came()
    machine.began_s()
    machine.work(0.02)
    machine.sleep(1.0)
    machine.work(0.02)
    before_s = machine.clock.now_s
    assert machine.began_s() == before_s


def test_one_begins_after_the_other_and_a_call_or_a_queued_job_at_once() -> None:
    clock, cpu = SecondsClock(), SecondsClock(0.0)
    lanes = Lanes(pace=BulkPace(clock, cpu, lambda _: gevent.sleep(60)))
    with lanes.taken(INTERACTIVE):
        pass
    lanes.begin(BULK)
    cpu.now_s += 0.01
    bulk = [gevent.spawn(lanes.begin, BULK) for _ in range(3)]
    others = [gevent.spawn(lanes.begin, priority) for priority in (INTERACTIVE, QUEUED)]
    gevent.joinall(others, timeout=10)
    assert all(one.successful() for one in others)
    assert not any(one.ready() for one in bulk)
    # Who is taken off while it waits leaves its turn to the next one.
    clock.now_s += 1.0
    bulk[0].kill()
    gevent.joinall(bulk[1:], timeout=10)
    assert all(one.successful() for one in bulk[1:])
