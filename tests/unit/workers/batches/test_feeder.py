"""Batches, step by step: each line once, whatever dies between two of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from shared.batches.batch import Batch, Status
from shared.batches.store import BatchStore
from shared.errors import DatabaseUnavailable
from shared.jobs.moves import Result
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.stored import stored_batch
from workers.batches.feeder import Feeder

ANSWER = b'{"choices":\n[1.0]}'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(
        artifacts=str(tmp_path / "files"), storage_free_bytes=0, batch_window=20, queue_limit=1000
    )


@pytest.fixture
def deps(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Deps:
    deps = worker_deps.build(fake_redis, settings, fake_clock, worker_deps.FakeLlm())
    return replace(deps, sleep=lambda _: None)


@pytest.fixture
def store(deps: Deps) -> BatchStore:
    return BatchStore(deps.database)


def line(number: int, model: str) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    call = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions"}
    return json.dumps({**call, "body": body}).encode() + b"\r\n"


def new_batch(deps: Deps, count: int, model: str = "m", **more: Any) -> Batch:
    return stored_batch(deps, [line(n, model) for n in range(count)], 3600, **more)


def state(store: BatchStore) -> Batch:
    batch = store.find("batch_1", "a")
    assert batch is not None
    return batch


def last_id(deps: Deps) -> int:
    return int(deps.redis.get(keys.JOB_ID) or 0)  # type: ignore[arg-type]


def answer_all(deps: Deps, model: str = "m") -> int:
    done = 0
    for job_id in range(1, last_id(deps) + 1):
        job = deps.jobs.get(job_id)
        if job is None or job.state != "Queued":
            continue
        claim = deps.jobs.claim(job_id, f"chat.{model}", 5, "w")
        assert claim is not None
        deps.jobs.execute(job_id, claim.attempt, Result.response(ANSWER))
        ended = deps.jobs.get(job_id)
        assert ended is not None
        deps.jobs.complete([ended])
        done += 1
    return done


def run_out(deps: Deps, feeder: Feeder, store: BatchStore) -> Batch:
    for _ in range(100):
        feeder()
        if state(store).status.is_final and not state(store).to_tell:
            return state(store)
        answer_all(deps)
    raise AssertionError(state(store))


def lines_of(deps: Deps, file_id: str) -> list[dict[str, Any]]:
    file = deps.artifacts.find(file_id)
    assert file is not None
    return [json.loads(text) for text in b"".join(deps.artifacts.read(file)).splitlines()]


def test_no_more_jobs_than_the_window_are_in_the_queue(deps: Deps, store: BatchStore) -> None:
    new_batch(deps, 70)
    feeder = Feeder(deps.batches)
    feeder()
    assert last_id(deps) == 20
    feeder()
    assert last_id(deps) == 20
    assert answer_all(deps) == 20
    feeder()
    assert last_id(deps) == 40
    assert state(store).completed == 20
    done = run_out(deps, feeder, store)
    assert (done.status, done.total, done.completed) == (Status.COMPLETED, 70, 70)
    answers = lines_of(deps, done.output_file_id)
    assert [one["custom_id"] for one in answers] == [f"c{n}" for n in range(70)]
    assert answers[0]["response"]["body"] == {"choices": [1.0]}
    assert last_id(deps) == 70
    assert done.error_file_id == ""


@pytest.mark.parametrize("at", ["note_jobs", "note_outcomes", "save", "begin", "forget_lines"])
def test_whatever_dies_each_line_is_answered_once(
    deps: Deps, store: BatchStore, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    new_batch(deps, 30)
    works: Callable[..., Any] = getattr(BatchStore, at)
    calls = iter(range(10_000))

    def dies(*args: Any, **more: Any) -> Any:
        # Each second time, before or after it was done.
        number = next(calls)
        if number % 4 == 0:
            raise DatabaseUnavailable
        result = works(*args, **more)
        if number % 4 == 2:
            raise DatabaseUnavailable
        return result

    monkeypatch.setattr(BatchStore, at, dies)
    done = run_out(deps, Feeder(deps.batches), store)
    assert (done.status, done.completed) == (Status.COMPLETED, 30)
    assert last_id(deps) == 30
    assert len(lines_of(deps, done.output_file_id)) == 30
    assert len(deps.artifacts.list("a", "batch_output")) == 1


def test_end_is_told_once_to_its_url_and_to_subscriptions(deps: Deps, store: BatchStore) -> None:
    new_batch(deps, 1, reply_to="https://app.example.com/told")
    run_out(deps, Feeder(deps.batches), store)
    last = last_id(deps)
    event = deps.jobs.get(last)
    assert event is not None
    assert (event.event, event.reply_to) == ("batch.completed", "https://app.example.com/told")
    assert event.epoch
    assert json.loads(event.response or b"")["data"] == {"id": "batch_1"}
    again = state(store)
    store.save(replace(again, to_tell=True))
    Feeder(deps.batches)()
    assert last_id(deps) == last


def test_expired_batch_gives_up_the_rest(
    deps: Deps, store: BatchStore, fake_clock: FakeClock
) -> None:
    new_batch(deps, 50)
    feeder = Feeder(deps.batches)
    feeder()
    answer_all(deps)
    feeder()
    waits = deps.jobs.get(21)
    assert waits is not None
    # Its own end does not come before that of the batch, whoever looks first.
    assert waits.deadline_ms - waits.created_ms > 3_600_000
    fake_clock.advance(3700)
    for _ in range(5):
        feeder()
        ended = [deps.jobs.get(n) for n in range(1, last_id(deps) + 1)]
        deps.jobs.complete([job for job in ended if job and job.state == "Executed"])
    done = state(store)
    assert (done.status, done.completed, done.failed) == (Status.EXPIRED, 20, 30)
    errors = lines_of(deps, done.error_file_id)
    assert {one["error"]["code"] for one in errors} == {"batch_expired"}
    assert len(lines_of(deps, done.output_file_id)) == 20


def test_job_that_left_the_ledger_is_asked_again(deps: Deps, store: BatchStore) -> None:
    new_batch(deps, 2)
    feeder = Feeder(deps.batches)
    feeder()
    deps.redis.delete(keys.job(1), keys.ref("a", "batch_1:c0"))
    done = run_out(deps, feeder, store)
    assert (done.status, done.completed) == (Status.COMPLETED, 2)


def test_key_that_may_not_use_a_model_gets_no_answers(deps: Deps, store: BatchStore) -> None:
    new_batch(deps, 2, models=("other",))
    done = run_out(deps, Feeder(deps.batches), store)
    assert (done.completed, done.failed, last_id(deps)) == (0, 2, 0)
    codes = {one["response"]["body"]["error"]["code"] for one in lines_of(deps, done.error_file_id)}
    assert codes == {"model_not_found"}


def test_deleted_input_fails_before_and_stays_for_what_runs(deps: Deps, store: BatchStore) -> None:
    batch = new_batch(deps, 30)
    feeder = Feeder(deps.batches)
    feeder()
    deps.artifacts.delete(batch.input_file_id)
    deps.artifacts.sweep()
    done = run_out(deps, feeder, store)
    assert done.completed == 30
    deps.artifacts.sweep()
    assert deps.artifacts.find(batch.input_file_id) is None


def test_files_without_room_are_told_and_written_when_there_is(
    fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock
) -> None:
    limited = settings.model_copy(update={"storage_quota_bytes": 450})
    deps = worker_deps.build(fake_redis, limited, fake_clock, worker_deps.FakeLlm())
    deps, store = replace(deps, sleep=lambda _: None), BatchStore(deps.database)
    new_batch(deps, 1)
    other = deps.artifacts.receive([b"x" * 250], owner="a", name="other", purpose="user_data")
    feeder = Feeder(deps.batches)
    feeder()
    answer_all(deps)
    feeder()
    waiting = state(store)
    assert waiting.status is Status.FINALIZING
    assert [one["code"] for one in waiting.errors] == ["storage_quota_exceeded"]
    deps.artifacts.delete(other.id)
    deps.artifacts.sweep()
    feeder()
    assert state(store) == waiting
    fake_clock.advance(31)
    feeder()
    done = state(store)
    assert (done.status, done.completed, done.errors) == (Status.COMPLETED, 1, ())
    assert len(lines_of(deps, done.output_file_id)) == 1


def test_only_one_feeds(deps: Deps, store: BatchStore) -> None:
    new_batch(deps, 5)
    first, second = Feeder(deps.batches), Feeder(deps.batches)
    first()
    answer_all(deps)
    second()
    assert state(store).completed == 0
