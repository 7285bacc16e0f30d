"""Jobs of engines wait for a processor of their machine: that is no time of their attempt."""

from __future__ import annotations

import json

import gevent
import pytest
import redis
from gevent.lock import BoundedSemaphore

from shared.jobs.job import JobState
from shared.providers.provider import Provider
from shared.queues.names import PRIORITIES
from tests.support.factories import FakeClock, new_job, new_settings
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.broker import Channel
from workers.chat.run import run_chat
from workers.providers.base import Dialects
from workers.routing.candidates import queues_of_full_rooms

REQUEST = b'{"model": "m", "messages": []}'


@pytest.fixture
def room() -> BoundedSemaphore:
    """Somebody else is in it."""
    room = BoundedSemaphore(1)
    room.acquire()
    return room


@pytest.fixture
def deps(fake_redis: redis.Redis, fake_clock: FakeClock, room: BoundedSemaphore) -> Deps:
    llm = FakeLlm()
    dialects = Dialects({"openai": llm}, rooms={"openai": room})
    return build(
        fake_redis, new_settings(attempt_timeout_s=0.05), fake_clock, llm, dialects=dialects
    )


def test_who_waits_longer_than_an_attempt_may_take_is_answered(
    deps: Deps, room: BoundedSemaphore
) -> None:
    job_id = deps.jobs.accept(new_job(request=REQUEST)).id
    running = gevent.spawn(run_chat, deps.chat, job_id, "chat.m", 5)
    gevent.sleep(0.1)
    room.release()
    running.get(timeout=30)
    job = deps.jobs.get(job_id)
    assert job is not None
    assert (job.state, job.outcome) == (JobState.EXECUTED, JobState.COMPLETED)
    # It has left the room.
    assert room.acquire(blocking=False)


def test_who_waits_until_the_deadline_fails_by_it(deps: Deps, room: BoundedSemaphore) -> None:
    job_id = deps.jobs.accept(new_job(request=REQUEST, timeout_s=0.05)).id
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = deps.jobs.get(job_id)
    assert job is not None
    assert job.outcome == JobState.FAILED
    assert json.loads(job.error or b"")["error"]["code"] == "deadline_exceeded"
    room.release()


def test_jobs_are_left_in_the_queues_of_models_that_have_no_room_here(
    deps: Deps, room: BoundedSemaphore
) -> None:
    base = {"base_url": "http://127.0.0.1:1"}
    ours = {"name": "engines", "type": "local", "models": ["espeak-ng", "hibari"]}
    others = {"name": "o", "models": ["hibari", "m"]}
    deps.registry.replace([Provider.model_validate({**base, **one}) for one in (ours, others)])
    rooms = {"local": room}
    assert queues_of_full_rooms(deps.routing, rooms) == {"media", "chat.espeak-ng"}
    room.release()
    assert queues_of_full_rooms(deps.routing, rooms) == frozenset()


def test_calls_alone_are_taken_of_queues_that_are_left() -> None:
    channel = Channel.__new__(Channel)
    usual = [channel._q_for_pri("media", priority) for priority in PRIORITIES]
    channel._without_queued = {"media"}
    left = [channel._q_for_pri("media", priority) for priority in PRIORITIES]
    assert left[0] == usual[0]
    assert not {*left[1:]} & {*usual}
    assert [channel._q_for_pri("chat.m", one) for one in PRIORITIES] == [
        channel._q_for_pri("media", one).replace("media", "chat.m").removesuffix(":left")
        for one in PRIORITIES
    ]
