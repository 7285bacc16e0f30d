"""What a page of metrics says of a server's queue, and how much bulk work that lets begin."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest

from shared.providers.written.gauges import KNOWN
from shared.queues.server_queues import (
    FIRST,
    MOST,
    PATIENCE_MS,
    Pace,
    Reading,
    paced,
    told,
    waiting_in,
)

VLLM = b"""# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_running{engine="0",model_name="m"} 8.0
vllm:num_requests_waiting{engine="0",model_name="a}b"} 2.0
vllm:num_requests_waiting{engine="1",model_name="m"} 3.0
vllm:num_requests_waiting_by_reason{reason="capacity"} 99.0
"""


@pytest.mark.parametrize(
    ("page", "waiting"),
    [
        pytest.param(VLLM, 5, id="vLLM, over its engines"),
        pytest.param(b'sglang:num_queue_reqs{model_name="m"} 4.0\n', 4, id="SGLang"),
        pytest.param(b"x 1\r\nllamacpp:requests_deferred 46\r\n", 46, id="llama.cpp, lines of DOS"),
        pytest.param(b"tgi_queue_size 0", 0, id="TGI, without an end of line"),
        pytest.param(b"tgi_queue_size 1 1700000000000\n", 1, id="with a time"),
        pytest.param(b"tgi_queue_size 0.2\n", 1, id="a part of a request is one"),
    ],
)
def test_waiting_requests_are_read_of(page: bytes, waiting: int) -> None:
    assert waiting_in(page, KNOWN) == waiting


@pytest.mark.parametrize(
    ("page", "why"),
    [
        pytest.param(b"", "none of the gauges", id="nothing"),
        pytest.param(b"<html>vllm:num_requests_waiting 3</html>", "none of", id="a web page"),
        pytest.param(b"tgi_queue_size NaN\n", "is nan", id="no number"),
        pytest.param(b"tgi_queue_size -1\n", "is -1", id="less than none"),
        pytest.param(b"tgi_queue_size +Inf\n", "is inf", id="without end"),
        pytest.param(b"tgi_queue_size 1e9\n", "is 1e\\+09", id="more than there can be"),
        pytest.param(b"tgi_queue_size many\n", "no text of Prometheus", id="a word"),
        pytest.param(b'tgi_queue_size{a="' + b"x" * 9999, "no text of", id="a line without end"),
    ],
)
def test_page_that_tells_nothing_is_told_why(page: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        waiting_in(page, KNOWN)


def test_own_gauges_take_the_place_of_the_known_ones() -> None:
    assert waiting_in(b"tgi_queue_size 3\nmine 7\n", ("mine",)) == 7


def test_reading_tells_since_when_requests_wait() -> None:
    first = told(1000, 2, None)
    assert (first.since_ms, told(2000, 9, first).since_ms) == (1000, 1000)
    assert told(3000, 0, first).since_ms == 0
    assert told(4000, 1, told(3000, 0, first)).since_ms == 4000


def test_pace_grows_while_nothing_waits_and_stops_when_something_does() -> None:
    pace, at_ms = Pace(), 0
    for most in (2 * FIRST, 4 * FIRST, 8 * FIRST):
        at_ms += 1000
        pace = paced(replace(pace, left=0), Reading(at_ms))
        assert (pace.most, pace.left) == (most, most)
    assert paced(pace, Reading(at_ms + 1000)).most == pace.most, "it was not used up"
    held = paced(pace, told(at_ms + 2000, 3, None))
    assert (held.left, held.most) == (0, int(0.7 * pace.most))
    assert paced(held, told(at_ms + 3000, 1, None)).most == held.most, "once a wait"
    opened = paced(held, Reading(at_ms + 4000))
    assert opened.left == held.most
    assert paced(replace(opened, left=0), Reading(at_ms + 5000)).most == int(1.1 * held.most)


@pytest.mark.parametrize("said", [Reading(9, problem="it answered 404"), None])
def test_page_that_says_nothing_holds_nothing_back(said: Reading | None) -> None:
    pace = Pace(left=0, is_held=True)
    for _ in range(10):
        pace = paced(pace, said)
    assert pace.left == MOST
    assert paced(pace, told(20, 1, None)).left == 0, "once it says something again"


def test_who_says_for_ever_that_requests_wait_gets_a_call_between_readings() -> None:
    said = told(1000, 5, None)
    assert paced(Pace(), said).left == 0
    later = told(1000 + PATIENCE_MS, 5, said)
    assert paced(Pace(), later).left == 1


def test_server_is_kept_busy_and_its_line_short() -> None:
    """A room of 16 for calls of half a second that is looked at once a second."""
    room, call_ms, pace = 16, 500, Pace()
    running: deque[int] = deque()
    line, done, waits = 0, 0, []
    for now_ms in range(0, 60_000, 50):
        while running and running[0] <= now_ms:
            running.popleft()
            done += 1
        if now_ms % 1000 == 0:
            pace = paced(pace, told(now_ms + 1, line, None))
        while pace.left > 0:
            pace, line = pace.begun(1), line + 1
        while line and len(running) < room:
            line -= 1
            running.append(now_ms + call_ms)
        waits.append(line)
    assert done >= 0.6 * room * 60_000 / call_ms
    assert sorted(waits)[len(waits) * 9 // 10] <= 2 * room
