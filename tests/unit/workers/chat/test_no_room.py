"""A provider whose limit is learned has no room for a call: it is asked again, soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest
import redis

from shared.errors import Failure
from shared.jobs.job import Job, JobState
from shared.providers.provider import Provider
from shared.queues.adaptive import Seen
from shared.settings import Settings
from tests.support.factories import FakeClock, new_job
from tests.support.worker_deps import REGISTRY, Deps, FakeLlm, build
from workers.chat.deps import ChatDeps
from workers.chat.run import run_chat
from workers.chat.running import AbortReason
from workers.providers.base import Blame, ProviderCall, ProviderError
from workers.routing.backoff import ROOM_PAUSES_S

FULL = Failure(429, "rate_limit_error", "rate_limited", "Too many calls at once.")
LEARNS = REGISTRY.providers[0].model_copy(update={"adaptive": True})
OTHER = REGISTRY.providers[1]
#: How long a call takes (s).
CALL_S = 0.5

Build = Callable[..., Deps]


@pytest.fixture
def llm() -> FakeLlm:
    return FakeLlm()


@pytest.fixture
def build_with(
    fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, llm: FakeLlm
) -> Build:
    def with_providers(*providers: Provider) -> Deps:
        return build(fake_redis, settings, fake_clock, llm, providers=list(providers))

    return with_providers


def full(times: int, clock: FakeClock, **error: Any) -> Callable[[ProviderCall], bytes]:
    """Return what has no room for the first calls to a provider that learns."""
    left = [times]

    def answer(call: ProviderCall) -> bytes:
        if left[0] and call.provider.name == LEARNS.name:
            left[0] -= 1
            raise ProviderError(FULL, **{"transient": True, "status": 429} | error)
        clock.advance(CALL_S)
        return b"{}"

    return answer


def ran(deps: Deps, limit: int = 17, **fields: Any) -> tuple[ChatDeps, Job]:
    job_id = deps.jobs.accept(new_job(request=b'{"model": "m", "messages": []}', **fields)).id
    chat = deps.chat
    chat.routing.learned.learn({LEARNS.name: limit})
    run_chat(chat, job_id, "chat.m", 5)
    job = deps.jobs.get(job_id)
    assert job is not None
    return chat, job


@pytest.mark.parametrize("times", [1, len(ROOM_PAUSES_S)])
def test_call_that_is_refused_is_answered_in_the_same_attempt(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock, times: int
) -> None:
    llm.answer = full(times, fake_clock)
    chat, job = ran(build_with(LEARNS))

    assert (job.state, job.response) == (JobState.EXECUTED, b"{}")
    assert len(llm.calls) == times + 1
    assert [(one.number, one.outcome) for one in job.attempts] == [(1, "answered")]
    waited_ms = sum(ROOM_PAUSES_S[:times]) * 1000
    assert job.attempts[0].duration_ms == pytest.approx(waited_ms + CALL_S * 1000, abs=5)
    # Nobody who comes now is refused; and what was waited for is no part of how long it answers.
    assert chat.routing.learned.applied(LEARNS).concurrency == 16
    took_ms = round(CALL_S * 1000)
    assert chat.routing.learned.take() == {LEARNS.name: Seen(1, took_ms, took_ms**2, refused=1)}


def test_provider_that_stays_full_is_asked_in_another_attempt(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    llm.answer = full(1000, fake_clock)
    chat, job = ran(build_with(LEARNS))

    assert len(llm.calls) == len(ROOM_PAUSES_S) + 1
    assert (job.state, len(job.attempts)) == (JobState.QUEUED, 1)
    assert chat.routing.learned.applied(LEARNS).concurrency == 16
    assert chat.routing.health.of(LEARNS.name, "m").is_clean


def test_provider_that_refuses_a_single_call_is_not_full(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    llm.answer = full(1000, fake_clock)
    chat, _ = ran(build_with(LEARNS), limit=1)

    # Others may fill it, so that it is asked again; that it fails counts as with others.
    assert len(llm.calls) == len(ROOM_PAUSES_S) + 1
    assert chat.routing.health.of(LEARNS.name, "m").failures == 1


@pytest.mark.parametrize(
    ("provider", "error"),
    [
        pytest.param(LEARNS, {"retry_after_s": 3.0}, id="it says when"),
        pytest.param(LEARNS, {"status": 500}, id="it failed"),
        pytest.param(LEARNS, {"transient": False}, id="it has begun to answer"),
        pytest.param(REGISTRY.providers[0], {}, id="its limit is not learned"),
    ],
)
def test_others_are_asked_once_an_attempt(
    build_with: Build,
    llm: FakeLlm,
    fake_clock: FakeClock,
    provider: Provider,
    error: dict[str, Any],
) -> None:
    llm.answer = full(1000, fake_clock, **error)
    ran(build_with(provider))

    assert len(llm.calls) == 1


def test_account_that_is_used_up_is_no_want_of_room(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    llm.answer = full(1000, fake_clock, blame=Blame.BILLING)
    chat, _ = ran(build_with(LEARNS))

    assert len(llm.calls) == 1
    assert chat.routing.learned.applied(LEARNS).concurrency == 17
    assert "used up" in chat.routing.health.of(LEARNS.name, "").reason


def test_other_provider_is_asked_at_once(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    llm.answer = full(1000, fake_clock)
    chat, job = ran(build_with(LEARNS, OTHER))

    assert [call.provider.name for call in llm.calls] == ["best", "other"]
    assert job.response == b"{}"
    assert chat.routing.learned.applied(LEARNS).concurrency == 16


def test_job_that_may_have_no_other_provider_waits(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    llm.answer = full(1, fake_clock)
    _, job = ran(build_with(LEARNS, OTHER), provider="best")

    assert [call.provider.name for call in llm.calls] == ["best", "best"]
    assert job.response == b"{}"


def test_nobody_waits_beyond_the_deadline(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    llm.answer = full(1000, fake_clock)
    _, job = ran(build_with(LEARNS), timeout_s=0.2)

    # After 50 and 100 ms; another 200 are not left.
    assert len(llm.calls) == 3
    assert [call.timeout_s for call in llm.calls] == pytest.approx([0.2, 0.15, 0.05])
    assert (job.state, job.outcome) == (JobState.EXECUTED, JobState.FAILED)


def test_cancel_ends_the_pause(build_with: Build, llm: FakeLlm, fake_clock: FakeClock) -> None:
    llm.answer = full(1000, fake_clock)
    deps = build_with(LEARNS)
    job_id = deps.jobs.accept(new_job(request=b'{"model": "m", "messages": []}')).id

    def cancelled(_: float) -> None:
        job = deps.jobs.get(job_id)
        assert job is not None
        deps.jobs.cancel(job)
        deps.running.abort(job_id, AbortReason.CANCELLED)
        gevent.sleep(60)

    run_chat(replace(deps, sleep=cancelled).chat, job_id, "chat.m", 5)
    job = deps.jobs.get(job_id)
    assert job is not None
    assert (job.outcome, len(llm.calls)) == ("Cancelled", 1)


@pytest.mark.parametrize("said", [0, 1])
def test_stream_is_asked_again_until_it_has_begun(
    build_with: Build, llm: FakeLlm, fake_clock: FakeClock, said: int
) -> None:
    chunk = b'{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}'
    begun = b'{"choices":[{"index":0,"delta":{"content":"Hm"},"finish_reason":null}]}'
    refused = [ProviderError(FULL, transient=True, status=429)]

    def stream(_: ProviderCall) -> Iterator[bytes]:
        if not refused:
            yield chunk
            return
        yield from [begun] * said
        raise refused.pop()

    llm.chunks = stream
    chat, job = ran(build_with(LEARNS), streamed=True)
    assert len(llm.calls) == 2 - said
    assert job.outcome == (JobState.FAILED if said else JobState.COMPLETED)
    assert chat.routing.learned.applied(LEARNS).concurrency == 16
