"""Jobs that nobody waits for let a call go first, for a moment."""

from __future__ import annotations

import gevent
import pytest

from tests.support.factories import SecondsClock
from workers.chat.giving_way import GivingWay

#: How long they wait at most (seconds): longer than any step of a test takes.
MOST_S = 30.0


@pytest.fixture
def clock() -> SecondsClock:
    return SecondsClock()


@pytest.fixture
def way(clock: SecondsClock) -> GivingWay:
    return GivingWay(clock, MOST_S)


def waits(way: GivingWay) -> bool:
    """Whether somebody who gives way has to wait."""
    passing = gevent.spawn(way.give_way)
    gevent.sleep(0)
    gevent.sleep(0)
    is_waiting = not passing.ready()
    passing.kill()
    return is_waiting


def test_nobody_waits_without_a_call(way: GivingWay) -> None:
    assert not waits(way)


def test_they_go_on_when_all_calls_are_over(way: GivingWay, clock: SecondsClock) -> None:
    way.begin()
    way.begin()
    passing = gevent.spawn(way.give_way)
    gevent.sleep(0)
    clock.now_s += MOST_S / 4
    way.end()
    assert waits(way)
    assert not passing.ready()
    way.end()
    passing.join(MOST_S / 2)
    assert passing.successful()
    assert not waits(way)


def test_a_call_that_takes_long_is_not_waited_for(way: GivingWay, clock: SecondsClock) -> None:
    way.begin()
    assert waits(way)
    clock.now_s += MOST_S
    assert not waits(way)


def test_whoever_waits_is_woken_when_it_takes_long() -> None:
    way = GivingWay(most_s=0.01)
    way.begin()
    passing = gevent.spawn(way.give_way)
    passing.join(MOST_S)
    assert passing.successful()


def test_they_wait_for_half_of_the_time_at_most(way: GivingWay, clock: SecondsClock) -> None:
    waited = 0
    for _ in range(1000):
        way.begin()
        waited += waits(way)
        clock.now_s += MOST_S / 8
        way.end()
    assert 400 < waited <= 500


def test_they_wait_for_half_of_the_time_beside_calls_without_end(
    way: GivingWay, clock: SecondsClock
) -> None:
    waited = 0
    for _ in range(1000):
        way.begin()
        waited += waits(way)
        clock.now_s += MOST_S / 8
    assert 400 < waited <= 504


def test_a_call_stands_behind_few_steps_of_jobs_that_are_always_ready(way: GivingWay) -> None:
    """A job that is always ready has a step in each round of the loop, and a call has eight."""
    steps = 0

    def job() -> None:
        nonlocal steps
        while True:
            way.give_way()
            steps += 1
            gevent.sleep(0)

    jobs = [gevent.spawn(job) for _ in range(10)]
    gevent.sleep(0)
    before = steps
    way.begin()
    for _ in range(8):
        gevent.sleep(0)
    during = steps - before
    way.end()
    gevent.sleep(0)
    gevent.killall(jobs)
    # Without giving way it would be 80.
    assert during <= 10
    assert steps > before + during
