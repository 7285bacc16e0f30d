"""One attempt at a job, from its message to its result."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import redis

from shared.errors import Failure
from shared.jobs.job import Job, JobState
from shared.ledger.chunk_store import START, ChunkStore
from shared.providers.provider import Provider
from shared.settings import Settings
from tests.support.chunks import HELLO
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings
from tests.support.worker_deps import REGISTRY, Deps, FakeLlm, build
from workers.chat.run import run_chat
from workers.chat.running import AbortReason
from workers.providers.base import Blame, ProviderCall, ProviderError

DOWN = Failure(503, "server_error", "provider_unavailable", "It is down.")


@pytest.fixture
def llm() -> FakeLlm:
    return FakeLlm()


@pytest.fixture
def deps(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, llm: FakeLlm) -> Deps:
    return build(fake_redis, settings, fake_clock, llm)


def _accept(deps: Deps, **fields: Any) -> int:
    request = b'{"model": "m", "messages": [], "x": 1.50}'
    return deps.jobs.accept(new_job(request=request, **fields)).id


def _job(deps: Deps, job_id: int) -> Job:
    job = deps.jobs.get(job_id)
    assert job is not None
    return job


def _fails(*, transient: bool, **fields: Any) -> Any:
    def answer(call: ProviderCall) -> bytes:
        raise ProviderError(DOWN, transient=transient, **fields)

    return answer


def test_attempt_sends_the_request_with_the_providers_model_and_key(
    deps: Deps, llm: FakeLlm
) -> None:
    run_chat(deps.chat, _accept(deps), "chat.m", 5)
    (call,) = llm.calls
    assert call.body == b'{"model": "best/m", "messages": [], "x": 1.50}'
    assert call.api_key == "sk-secret"
    assert call.provider.name == "best"


def test_attempt_stores_the_response_and_its_record(deps: Deps) -> None:
    job_id = _accept(deps)
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert (job.state, job.response, job.status) == (JobState.EXECUTED, b'{"id":"x"}', 200)
    assert [(a.number, a.provider, a.outcome) for a in job.attempts] == [(1, "best", "answered")]


def test_stale_message_calls_no_llm(deps: Deps, llm: FakeLlm) -> None:
    job_id = _accept(deps)
    run_chat(deps.chat, job_id, "chat.m", 5)
    run_chat(deps.chat, job_id, "chat.m", 5)
    run_chat(deps.chat, 999, "chat.m", 5)
    assert len(llm.calls) == 1


def _best_fails(**fields: Any) -> Any:
    def answer(call: ProviderCall) -> bytes:
        if call.provider.name == "best":
            raise ProviderError(DOWN, **fields)
        return b"{}"

    return answer


@pytest.mark.parametrize(
    "error",
    [
        pytest.param({"transient": True, "status": 503}, id="a passing failure"),
        pytest.param({"transient": False, "status": 401}, id="a key that is refused"),
    ],
)
def test_failure_of_one_provider_is_answered_by_the_other_at_once(
    deps: Deps, llm: FakeLlm, error: dict[str, Any]
) -> None:
    llm.answer = _best_fails(**error)
    job_id = _accept(deps)
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert [call.provider.name for call in llm.calls] == ["best", "other"]
    assert (job.state, job.response, job.attempt) == (JobState.EXECUTED, b"{}", 2)
    assert [(a.number, a.provider, a.outcome) for a in job.attempts] == [
        (1, "best", "failed"),
        (2, "other", "answered"),
    ]
    assert job.attempts[1].reason.startswith("priority 1; best ")


def test_job_that_all_have_failed_is_deferred_and_tried_again_at_the_best(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _accept(deps)
    llm.answer = _fails(transient=True, status=503)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).state is JobState.QUEUED
    fake_clock.advance(2)
    assert deps.recovery.promote_jobs() == 1
    llm.answer = lambda call: b"{}"
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert [call.provider.name for call in llm.calls] == ["best", "other", "best"]


def test_pinned_job_stays_with_its_provider_when_that_fails(deps: Deps, llm: FakeLlm) -> None:
    job_id = _accept(deps, provider="best")
    llm.answer = _best_fails(transient=True, status=503)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert [call.provider.name for call in llm.calls] == ["best"]
    assert _job(deps, job_id).state is JobState.QUEUED


def test_provider_that_fails_in_a_row_is_asked_no_more(deps: Deps, llm: FakeLlm) -> None:
    llm.answer = _best_fails(transient=True, status=500)
    for _ in range(10):
        run_chat(deps.chat, _accept(deps), "chat.m", 5)
        MessageLists(deps.redis).take_chat()
    asked = [call.provider.name for call in llm.calls]
    assert asked.count("best") == deps.settings.provider_failures
    assert asked.count("other") == 10
    assert deps.health.condition("best", "m", round(deps.clock() * 1000)).reason


def test_success_in_between_makes_the_count_begin_anew(deps: Deps, llm: FakeLlm) -> None:
    for answer in [_best_fails(transient=True, status=500)] * 2 + [lambda call: b"{}"]:
        llm.answer = answer
        run_chat(deps.chat, _accept(deps), "chat.m", 5)
    assert deps.health_store.read() == {}


def test_defaults_of_a_model_fill_what_the_client_left_out(
    fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, llm: FakeLlm
) -> None:
    table = {"model": "own", "temperature": 0.2, "max_tokens": 9, "body": {"x": 2, "top_k": 5}}
    acme = Provider.model_validate(
        {"name": "acme", "base_url": "http://127.0.0.1:1/v1", "models": {"m": table}}
    )
    deps = build(fake_redis, settings, fake_clock, llm, providers=[acme])
    run_chat(deps.chat, _accept(deps), "chat.m", 5)
    assert llm.calls[0].body == (
        b'{"top_k":5,"temperature":0.2,"max_tokens":9,"model": "own", "messages": [], "x": 1.50}'
    )


def test_transient_failure_waits_as_long_as_provider_asks(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _accept(deps)
    llm.answer = _fails(transient=True, retry_after_s=90.0)
    run_chat(deps.chat, job_id, "chat.m", 5)
    fake_clock.advance(89)
    assert deps.recovery.promote_jobs() == 0
    fake_clock.advance(1)
    assert deps.recovery.promote_jobs() == 1
    assert _job(deps, job_id).state is JobState.QUEUED


def test_job_fails_when_its_attempts_ran_out(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _accept(deps)
    llm.answer = _fails(transient=True, status=503)
    for _ in range(deps.settings.max_attempts):
        run_chat(deps.chat, job_id, "chat.m", 5)
        fake_clock.advance(3600 / 10)
        deps.recovery.promote_jobs()
    job = _job(deps, job_id)
    assert (job.state, job.outcome, job.status) == (JobState.EXECUTED, "Failed", 503)
    assert len(job.attempts) == len(llm.calls) == deps.settings.max_attempts


def test_permanent_failure_ends_the_job_with_the_providers_own_error(
    deps: Deps, llm: FakeLlm
) -> None:
    job_id = _accept(deps)
    llm.answer = _fails(transient=False, status=400, body=b'{"error":{"message":"theirs"}}')
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert (job.outcome, job.error) == ("Failed", b'{"error":{"message":"theirs"}}')
    assert len(llm.calls) == 1


def test_job_past_its_deadline_calls_no_llm(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _accept(deps, timeout_s=5.0)
    fake_clock.advance(5)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert llm.calls == []
    assert json.loads(_job(deps, job_id).error or b"")["error"]["code"] == "deadline_exceeded"


def test_job_is_not_deferred_past_its_deadline(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    job_id = _accept(deps, timeout_s=5.0)
    llm.answer = _fails(transient=True, retry_after_s=10.0)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).outcome == "Failed"


def test_job_is_not_deferred_when_its_call_took_the_time_it_had(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock
) -> None:
    def answer(call: ProviderCall) -> bytes:
        fake_clock.advance(call.timeout_s)
        raise ProviderError(DOWN, transient=True)

    llm.answer = answer
    job_id = _accept(deps, timeout_s=5.0)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).outcome == "Failed"


def test_call_gets_no_more_time_than_the_job_has(deps: Deps, llm: FakeLlm) -> None:
    run_chat(deps.chat, _accept(deps, timeout_s=5.0), "chat.m", 5)
    run_chat(deps.chat, _accept(deps, timeout_s=5000.0), "chat.m", 5)
    limits = [call.timeout_s for call in llm.calls]
    assert limits == [5.0, deps.settings.attempt_timeout_s]


def test_pinned_provider_is_the_one_called(deps: Deps, llm: FakeLlm) -> None:
    run_chat(deps.chat, _accept(deps, provider="other"), "chat.m", 5)
    assert [call.provider.name for call in llm.calls] == ["other"]


def test_cancel_aborts_the_running_call(deps: Deps, llm: FakeLlm) -> None:
    job_id = _accept(deps)

    def hang_until_cancelled(call: ProviderCall) -> bytes:
        deps.jobs.cancel(_job(deps, job_id))
        deps.running.abort(job_id, AbortReason.CANCELLED)
        gevent.sleep(60)
        return b"{}"

    llm.answer = hang_until_cancelled
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert (job.state, job.outcome) == (JobState.EXECUTED, "Cancelled")


def test_abort_that_comes_after_the_call_hits_nothing(deps: Deps, llm: FakeLlm) -> None:
    job_id = _accept(deps)

    def answer(call: ProviderCall) -> bytes:
        deps.running.abort(job_id, AbortReason.CANCELLED)
        return b"{}"

    llm.answer = answer
    run_chat(deps.chat, job_id, "chat.m", 5)
    gevent.sleep(0)
    assert _job(deps, job_id).outcome == "Completed"


def test_late_result_is_refused_and_logged_when_the_job_was_reaped(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = _accept(deps)

    def answer_late(call: ProviderCall) -> bytes:
        fake_clock.advance(31)
        assert deps.recovery.reap_jobs() == 1
        return b'{"late":true}'

    llm.answer = answer_late
    with caplog.at_level(logging.WARNING):
        run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).state is JobState.QUEUED
    assert "late result of attempt 1 refused" in caplog.text


def test_answer_is_kept_in_hand_while_the_ledger_is_gone(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, failures = _accept(deps), iter([True, True, False])
    execute = deps.jobs.execute

    def sometimes(*args: Any) -> Any:
        if next(failures):
            raise redis.ConnectionError
        return execute(*args)

    monkeypatch.setattr(deps.jobs.attempts, "execute", sometimes)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).response == b'{"id":"x"}'


# --- streamed ---------------------------------------------------------------------------------


def _said(deps: Deps, job_id: int) -> tuple[list[bytes], JobState | None]:
    """Return what the job's stream tells, and how it ended."""
    entries = ChunkStore(deps.redis).read_from(job_id, START)
    return [chunk for e in entries for chunk in e.chunks], entries[-1].end if entries else None


def _breaks_after(*chunks: bytes) -> Any:
    def stream(call: ProviderCall) -> Iterator[bytes]:
        yield from chunks
        raise ProviderError(DOWN, transient=True, status=503)

    return stream


def test_streamed_attempt_relays_the_chunks_and_stores_what_they_add_up_to(
    deps: Deps, llm: FakeLlm
) -> None:
    job_id = _accept(deps, streamed=True)
    llm.chunks = lambda call: HELLO
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert _said(deps, job_id) == (list(HELLO), JobState.COMPLETED)
    assert json.loads(job.response or b"")["choices"][0]["message"]["content"] == "Hello"
    assert [(a.provider, a.outcome) for a in job.attempts] == [("best", "answered")]
    assert llm.closed == 1


def test_stream_that_breaks_before_its_first_chunk_is_tried_at_the_other_provider(
    deps: Deps, llm: FakeLlm
) -> None:
    job_id = _accept(deps, streamed=True)
    breaks = _breaks_after()
    llm.chunks = lambda call: breaks(call) if call.provider.name == "best" else HELLO
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert [call.provider.name for call in llm.calls] == ["best", "other"]
    assert _said(deps, job_id) == (list(HELLO), JobState.COMPLETED)


def test_stream_that_breaks_after_its_first_chunk_ends_the_job(deps: Deps, llm: FakeLlm) -> None:
    job_id = _accept(deps, streamed=True)
    llm.chunks = _breaks_after(*HELLO[:2])
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert (job.state, job.outcome, job.status) == (JobState.EXECUTED, "Failed", 503)
    assert _said(deps, job_id) == (list(HELLO[:2]), JobState.FAILED)
    assert len(llm.calls) == llm.closed == 1


def test_stream_that_takes_too_long_ends_the_job_once_it_has_begun(
    fake_redis: redis.Redis, fake_clock: FakeClock, llm: FakeLlm
) -> None:
    deps = build(fake_redis, new_settings(attempt_timeout_s=1.0), fake_clock, llm)
    job_id = _accept(deps, streamed=True)

    def stall(call: ProviderCall) -> Iterator[bytes]:
        yield from HELLO[:2]
        gevent.sleep(60)

    llm.chunks = stall
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = _job(deps, job_id)
    assert json.loads(job.error or b"")["error"]["code"] == "provider_timeout"
    assert _said(deps, job_id) == (list(HELLO[:2]), JobState.FAILED)


def test_cancel_breaks_the_stream_off(deps: Deps, llm: FakeLlm) -> None:
    job_id = _accept(deps, streamed=True)

    def stream(call: ProviderCall) -> Iterator[bytes]:
        yield HELLO[0]
        deps.jobs.cancel(_job(deps, job_id))
        deps.running.abort(job_id, AbortReason.CANCELLED)
        gevent.sleep(60)

    llm.chunks = stream
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).outcome == "Cancelled"
    assert _said(deps, job_id) == ([HELLO[0]], JobState.CANCELLED)
    assert llm.closed == 1


def test_stream_of_an_attempt_that_lost_its_job_says_no_more(
    deps: Deps, llm: FakeLlm, fake_clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = _accept(deps, streamed=True)

    def freeze(call: ProviderCall) -> Iterator[bytes]:
        yield HELLO[0]
        fake_clock.advance(31)
        assert deps.recovery.reap_jobs() == 1
        yield from HELLO[1:]

    llm.chunks = freeze
    with caplog.at_level(logging.WARNING):
        run_chat(deps.chat, job_id, "chat.m", 5)
    assert _said(deps, job_id) == ([HELLO[0]], JobState.FAILED)
    assert "stream of attempt 1 refused" in caplog.text
    assert llm.closed == 1


def test_model_without_provider_fails_the_job(deps: Deps) -> None:
    job_id = deps.jobs.accept(new_job(model="gone")).id
    run_chat(deps.chat, job_id, "chat.gone", 5)
    assert json.loads(_job(deps, job_id).error or b"")["error"]["code"] == "no_provider"


def test_what_an_attempt_could_not_follow_is_told_in_job_and_answer(
    deps: Deps, llm: FakeLlm
) -> None:
    def answer(call: ProviderCall) -> bytes:
        call.adjusted(["temperature", "top_p"])
        return b"{}"

    llm.answer = answer
    job_id = _accept(deps)
    run_chat(deps.chat, job_id, "chat.m", 5)
    assert _job(deps, job_id).attempts[0].detail == "adjusted: temperature, top_p"
    told = deps.jobs.answer(job_id)
    assert told is not None
    assert told.made == ("best", "temperature, top_p")


def test_what_another_attempt_could_not_follow_is_not_told_of_the_answer(
    deps: Deps, llm: FakeLlm
) -> None:
    def answer(call: ProviderCall) -> bytes:
        if call.provider.name == "other":
            return b"{}"
        call.adjusted(["temperature"])
        raise ProviderError(DOWN, transient=True, status=503)

    llm.answer = answer
    job_id = _accept(deps)
    run_chat(deps.chat, job_id, "chat.m", 5)
    first, second = _job(deps, job_id).attempts
    assert (first.detail, second.detail) == (f"{DOWN.message}; adjusted: temperature", "")
    assert deps.jobs.making(job_id) == ("other", "")
    deps.jobs.attempts.note_adjusted(job_id, 2, ["too late"])
    assert deps.jobs.making(job_id) == ("other", "")


@pytest.mark.parametrize("status", [401, 402, 403])
def test_job_waits_for_another_provider_that_has_no_room_when_one_will_not_do_it(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    llm: FakeLlm,
    status: int,
) -> None:
    best, other = REGISTRY.providers
    limited = other.model_copy(update={"concurrency": 1})
    deps = build(fake_redis, settings, fake_clock, llm, providers=[best, limited])
    first, second = _accept(deps, provider="other"), _accept(deps)

    def answer(call: ProviderCall) -> bytes:
        if call.provider.name == "best":
            blame = {402: Blame.BILLING, 403: Blame.FORBIDDEN}.get(status)
            raise ProviderError(DOWN, transient=False, status=status, blame=blame)
        if _job(deps, second).attempt == 0:
            run_chat(deps.chat, second, "chat.m", 5)
        return b"{}"

    llm.answer = answer
    run_chat(deps.chat, first, "chat.m", 5)
    assert _job(deps, second).state is JobState.QUEUED
    fake_clock.advance(2)
    assert deps.recovery.promote_jobs() == 1
    run_chat(deps.chat, second, "chat.m", 5)
    assert _job(deps, second).response == b"{}"
