"""The slots kept for interactive calls."""

from __future__ import annotations

from unittest.mock import create_autospec

import gevent
import pytest
from gevent.lock import Semaphore

from shared.queues.names import BULK, INTERACTIVE, PRIORITIES, QUEUED
from workers.chat.bulk_pace import BulkPace
from workers.chat.giving_way import GivingWay
from workers.chat.lanes import Lanes, kept_slots


@pytest.mark.parametrize(
    ("concurrency", "share", "kept"),
    [
        pytest.param(200, 0.2, 40, id="the share"),
        pytest.param(2, 0.2, 1, id="at least one"),
        pytest.param(1, 0.2, 0, id="never all"),
        pytest.param(10, 0.99, 9, id="never all of many"),
        pytest.param(10, 0.0, 0, id="none when not wanted"),
    ],
)
def test_kept_slots_are(concurrency: int, share: float, kept: int) -> None:
    assert kept_slots(concurrency, share) == kept


def test_lanes_serve_only_interactive_when_the_open_slots_are_taken() -> None:
    lanes = Lanes(2)
    with lanes.taken(QUEUED), lanes.taken(INTERACTIVE):
        assert list(lanes.served(PRIORITIES)) == list(PRIORITIES)
        assert list(lanes.served(PRIORITIES, pending=1)) == [INTERACTIVE]
        with lanes.taken(BULK):
            assert list(lanes.served(PRIORITIES)) == [INTERACTIVE]
        assert list(lanes.served(PRIORITIES)) == list(PRIORITIES)


def test_lanes_give_a_slot_back_when_its_task_fails() -> None:
    lanes = Lanes(1)
    with pytest.raises(ValueError, match="task"), lanes.taken(QUEUED):
        raise ValueError("task")
    assert list(lanes.served(PRIORITIES)) == list(PRIORITIES)


def test_lanes_tell_of_room_when_a_job_ends_and_when_a_pending_call_begins() -> None:
    lanes, told = Lanes(1), []
    lanes.on_room = lambda: told.append(list(lanes.served(PRIORITIES)))
    with lanes.taken(QUEUED), lanes.taken(INTERACTIVE):
        assert told == []
    assert told == [list(PRIORITIES)]
    with lanes.taken(INTERACTIVE):
        assert len(told) == 2
    assert len(told) == 2


def test_bulk_jobs_are_left_while_many_wait_for_their_beginning() -> None:
    """They come again when half of them have begun, and one poll is ended for that."""
    turns = Semaphore(0)
    pace = create_autospec(BulkPace, instance=True)
    pace.wait.side_effect = turns.acquire
    lanes, told = Lanes(100, pace=pace), []
    lanes.on_room = lambda: told.append(list(lanes.served(PRIORITIES)))
    jobs = [gevent.spawn(lanes.begin, BULK) for _ in range(16)]
    gevent.sleep(0)
    assert list(lanes.served(PRIORITIES)) == [INTERACTIVE, QUEUED]
    with lanes.taken(QUEUED), lanes.taken(INTERACTIVE):
        pass
    for began in range(16):
        assert told == ([] if began < 8 else [list(PRIORITIES)])
        turns.release()
        gevent.sleep(0)
        gevent.sleep(0)
    gevent.joinall(jobs, timeout=10)
    assert all(job.successful() for job in jobs)


def test_queued_jobs_are_told_of_room_while_bulk_jobs_are_left() -> None:
    turns = Semaphore(0)
    pace = create_autospec(BulkPace, instance=True)
    pace.wait.side_effect = turns.acquire
    lanes, told = Lanes(1, pace=pace), []
    jobs = [gevent.spawn(lanes.begin, BULK) for _ in range(16)]
    gevent.sleep(0)
    with lanes.taken(QUEUED):
        assert list(lanes.served(PRIORITIES)) == [INTERACTIVE]
        lanes.on_room = lambda: told.append(list(lanes.served(PRIORITIES)))
    assert told == [[INTERACTIVE, QUEUED]]
    gevent.killall(jobs)


def test_jobs_give_way_to_a_call_and_calls_do_not() -> None:
    lanes = Lanes(way=GivingWay(most_s=30))
    with lanes.taken(INTERACTIVE):
        job = gevent.spawn(lanes.give_way, BULK)
        call = gevent.spawn(lanes.give_way, INTERACTIVE)
        call.join(10)
        assert call.successful()
        assert not job.ready()
    job.join(10)
    assert job.successful()
