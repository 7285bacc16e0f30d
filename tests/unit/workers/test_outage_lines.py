"""An outage of Redis is told in few lines, each in the log's form."""

from __future__ import annotations

import logging

import pytest
import redis
from celery.worker.consumer import consumer

from workers.outage_lines import OutageLines


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def record(text: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord(consumer.__name__, logging.ERROR, "", 0, text, args, None)


def failure() -> logging.LogRecord:
    error = redis.ConnectionError("Error 111 connecting to 127.0.0.1:6379.")
    return record(consumer.CONNECTION_ERROR, "redis://127.0.0.1:6379/0", error, "Trying again …")


def test_failure_to_connect_is_told_once_in_half_a_minute_in_one_line(clock: Clock) -> None:
    lines, told = OutageLines(clock), []
    for _ in range(65):
        one = failure()
        if lines.filter(one):
            told.append(one.getMessage())
        clock.now_s += 1
    what = "cannot connect to redis://127.0.0.1:6379/0: Error 111 connecting to 127.0.0.1:6379.;"
    assert told == [
        f"{what} retrying",
        f"{what} retrying (29 times since)",
        f"{what} retrying (29 times since)",
    ]


def test_each_loss_is_told_at_once(clock: Clock) -> None:
    lines = OutageLines(clock)
    assert lines.filter(failure())
    lost = record("%s (%r)", consumer.CONNECTION_RETRY, redis.ConnectionError("gone"))
    assert lines.filter(lost)
    assert lost.getMessage() == "lost Redis: gone; connecting again"
    assert lines.filter(failure())


def test_other_lines_pass_as_they_are(clock: Clock) -> None:
    lines = OutageLines(clock)
    for one in (record("Unknown task"), record("%s", "x"), record("100 %")):
        before = (one.msg, one.args)
        assert lines.filter(one)
        assert (one.msg, one.args) == before
