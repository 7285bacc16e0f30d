"""What nobody has foreseen ends its attempt at once: told, traced, and nothing is kept back."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from shared.jobs.job import Job, JobState
from shared.providers.provider import Provider
from shared.settings import Settings
from tests.support.chunks import HELLO
from tests.support.factories import FakeClock, MessageLists, new_job
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.chat import attempt, streamed
from workers.chat.run import run_chat
from workers.providers.access import Access
from workers.providers.base import ProviderCall
from workers.routing import health_notes, slots

ONLY = Provider.model_validate(
    {
        "name": "only",
        "base_url": "http://127.0.0.1:1/v1",
        "models": ["m"],
        "concurrency": 1,
        "tokens_per_minute": 1_000_000,
    }
)


class Bug(Exception):
    """Something of which the code knows nothing."""


def bug(*_args: object, **_options: object) -> Any:
    """Raise it, whatever was asked."""
    raise Bug("boo")


@pytest.fixture
def llm() -> FakeLlm:
    return FakeLlm(chunks=lambda call: HELLO)


@pytest.fixture
def deps(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, llm: FakeLlm) -> Deps:
    return build(fake_redis, settings, fake_clock, llm, providers=[ONLY])


def _run(deps: Deps, **fields: Any) -> Job:
    job_id = deps.jobs.accept(new_job(request=b'{"model":"m","messages":[]}', **fields)).id
    MessageLists(deps.redis).take("chat.m")
    run_chat(deps.chat, job_id, "chat.m", 5)
    job = deps.jobs.get(job_id)
    assert job is not None
    return job


def _in_the_middle(call: ProviderCall) -> Iterator[bytes]:
    yield from HELLO[:2]
    bug()


Break = Callable[[pytest.MonkeyPatch, FakeLlm, Deps], None]
#: Where it may happen, and how it is made to.
WHERE: list[Any] = [
    pytest.param(False, lambda m, llm, d: m.setattr(Access, "key", bug), id="before"),
    pytest.param(False, lambda m, llm, d: m.setattr(llm, "answer", bug), id="in a call"),
    pytest.param(True, lambda m, llm, d: m.setattr(llm, "stream", bug), id="opening a stream"),
    pytest.param(True, lambda m, llm, d: m.setattr(llm, "chunks", bug), id="before any chunk"),
    pytest.param(
        True, lambda m, llm, d: m.setattr(llm, "chunks", _in_the_middle), id="in the middle"
    ),
    pytest.param(True, lambda m, llm, d: m.setattr(streamed, "_add", bug), id="in the fold"),
    pytest.param(True, lambda m, llm, d: m.setattr(streamed, "_whole", bug), id="at the end"),
    pytest.param(
        True, lambda m, llm, d: m.setattr(d.usage, "chunks", bug), id="in asking for usage"
    ),
    pytest.param(True, lambda m, llm, d: m.setattr(d.relays, "write", bug), id="in the relay"),
    pytest.param(False, lambda m, llm, d: m.setattr(health_notes, "note_answer", bug), id="after"),
    pytest.param(False, lambda m, llm, d: m.setattr(attempt, "_record", bug), id="in its record"),
]


@pytest.mark.parametrize(("is_stream", "breaks"), WHERE)
def test_attempt_ends_at_once_with_a_traceback_and_leaves_nothing_behind(
    deps: Deps,
    llm: FakeLlm,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_stream: bool,
    breaks: Break,
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        breaks(patch, llm, deps)
        job = _run(deps, streamed=is_stream)
    assert (job.state, job.outcome) == (JobState.EXECUTED, "Failed")
    assert json.loads(job.error or b"")["error"]["code"] == "internal_error"
    assert "boo" not in str(job.error)
    assert "Bug: boo" in caplog.text
    assert "Traceback" in caplog.text
    assert deps.running.leased() == []
    # The only slot is free again.
    assert _run(deps, streamed=is_stream).outcome == "Completed"


def test_job_ends_also_where_its_slot_could_not_be_given_back(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, fake_clock: FakeClock
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(slots, "given_back", bug)
        assert _run(deps).outcome == "Failed"
    # At the latest it is free when its lease is over.
    fake_clock.advance(61)
    assert _run(deps).outcome == "Completed"


def test_answer_whose_count_of_tokens_is_no_number_is_kept(deps: Deps, llm: FakeLlm) -> None:
    llm.answer = lambda call: b'{"usage":{"total_tokens":1e999}}'
    assert _run(deps).response == b'{"usage":{"total_tokens":1e999}}'
