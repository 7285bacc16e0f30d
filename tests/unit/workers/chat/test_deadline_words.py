"""A job whose deadline passes after failures of providers says what the last of them was."""

from __future__ import annotations

import json
from typing import Any

import gevent
import pytest
import redis
from gevent.lock import BoundedSemaphore

from shared.errors import Failure
from shared.settings import Settings
from tests.support.factories import FakeClock, new_job
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.chat.run import run_chat
from workers.completion.run import complete_executed
from workers.providers.base import Dialects, ProviderCall, ProviderError

_PASSED = "The job's deadline passed before a worker could answer it."


@pytest.fixture
def llm() -> FakeLlm:
    return FakeLlm()


@pytest.fixture
def room() -> BoundedSemaphore:
    return BoundedSemaphore(1)


@pytest.fixture
def deps(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    llm: FakeLlm,
    room: BoundedSemaphore,
) -> Deps:
    dialects = Dialects({"openai": llm}, rooms={"openai": room})
    return build(fake_redis, settings, fake_clock, llm, dialects=dialects)


def _accept(deps: Deps, timeout_s: float = 100.0) -> int:
    request = b'{"model": "m", "messages": []}'
    return deps.jobs.accept(new_job(request=request, timeout_s=timeout_s)).id


def _failing(llm: FakeLlm, message: str, retry_after_s: float = 30.0) -> None:
    def answer(call: ProviderCall) -> bytes:
        failure = Failure(503, "server_error", "provider_unavailable", message)
        raise ProviderError(failure, transient=True, retry_after_s=retry_after_s)

    llm.answer = answer


def _message(deps: Deps, job_id: int) -> str:
    job = deps.jobs.get(job_id)
    assert job is not None
    error: Any = json.loads(job.error or b"")
    assert (job.status, error["error"]["code"]) == (504, "deadline_exceeded")
    assert error["error"]["message"] == error["responseStatus"]["message"]
    return str(error["error"]["message"])


def _run(deps: Deps, job_id: int) -> None:
    run_chat(deps.chat, job_id, "chat.m", 5)


def _failed(deps: Deps, llm: FakeLlm, message: str) -> int:
    """Return a job whose first attempt failed."""
    job_id = _accept(deps)
    _failing(llm, message)
    _run(deps, job_id)
    return job_id


def test_job_that_waits_for_another_attempt_tells_it(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _failed(deps, llm, "It is starting.")
    fake_clock.advance(30)
    assert deps.recovery.promote_jobs() == 1
    _failing(llm, "It is down.")
    _run(deps, job_id)
    fake_clock.advance(70)
    assert deps.recovery.expire_jobs() == 1
    assert _message(deps, job_id) == f"{_PASSED} Its last attempt failed: It is down."


def test_job_that_a_worker_takes_too_late_tells_it(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _failed(deps, llm, "It is down.")
    fake_clock.advance(100)
    deps.recovery.promote_jobs()
    _run(deps, job_id)
    assert _message(deps, job_id) == f"{_PASSED} Its last attempt failed: It is down."


def test_job_that_waits_for_a_processor_until_then_tells_it(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock, room: BoundedSemaphore
) -> None:
    job_id = _failed(deps, llm, "It is down.")
    fake_clock.advance(99.95)
    deps.recovery.promote_jobs()
    room.acquire()
    with gevent.Timeout(30):
        _run(deps, job_id)
    assert _message(deps, job_id) == f"{_PASSED} Its last attempt failed: It is down."


def test_it_is_told_briefly(deps: Deps, llm: FakeLlm, fake_clock: FakeClock) -> None:
    job_id = _accept(deps)
    _failing(llm, "x" * 10_000)
    _run(deps, job_id)
    fake_clock.advance(100)
    deps.recovery.expire_jobs()
    assert _message(deps, job_id).endswith(f"failed: {'x' * 199}…")


def test_failures_of_before_it_was_retried_are_not_told(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _failed(deps, llm, "It is down.")
    fake_clock.advance(100)
    deps.recovery.expire_jobs()
    complete_executed(deps.completion)
    job = deps.jobs.get(job_id)
    assert job is not None
    deps.jobs.retry(job)
    fake_clock.advance(deps.settings.job_timeout_s)
    assert deps.recovery.expire_jobs() == 1
    assert _message(deps, job_id) == _PASSED
