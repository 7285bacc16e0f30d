"""What a worker process says of itself."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.callbacks.delivery import DeliveryClaim
from shared.jobs.moves import Claim
from shared.settings import Settings
from shared.telemetry.workers import Running, WorkerBook
from tests.support.factories import START_MS, FakeClock
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.maintenance.heartbeat import Heartbeat


@pytest.fixture
def deps(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Deps:
    return build(fake_redis, settings, fake_clock, FakeLlm())


def beating(deps: Deps, **fields: Any) -> Heartbeat:
    defaults: dict[str, Any] = {"queues": lambda: ["chat.n", "chat.m"], "slots": 4}
    defaults |= {"busy": lambda: 3, "stopping": lambda: False}
    return Heartbeat(deps.chat, deps.callbacks, **{**defaults, **fields})


def claim(job_id: int, model: str, provider: str, after_s: int) -> Claim:
    return Claim(
        id=job_id,
        attempt=1,
        ref_id="r",
        model=model,
        provider="",
        request=b"{}",
        now_ms=START_MS + after_s * 1000,
        deadline_ms=0,
        chosen=provider,
    )


def test_beat_tells_queues_slots_and_counts(deps: Deps) -> None:
    deps.traffic.counts["received"] += 5
    beating(deps)()

    (heard,) = WorkerBook(deps.redis).read().live

    worker = heard.worker
    assert (worker.name, worker.slots, worker.busy) == ("w1", 4, 3)
    assert worker.queues == ("chat.m", "chat.n")
    assert worker.counts["received"] == 5
    assert worker.started_ms == START_MS
    assert worker.host
    assert worker.pid


def test_beat_names_what_runs_longest(deps: Deps) -> None:
    claims = [claim(n, "m" if n % 2 else "n", "best", after_s=100 - n) for n in range(1, 13)]
    attempts = [deps.running.attempt(one) for one in claims]
    for one in attempts:
        one.__enter__()

    beating(deps)()

    worker = WorkerBook(deps.redis).read().live[0].worker
    assert worker.running_jobs == 12
    assert worker.models == {"m": 6, "n": 6}
    assert worker.providers == {"best": 12}
    assert [one.job for one in worker.running] == list(range(12, 2, -1))
    assert worker.running[0] == Running(
        job=12, since_ms=START_MS + 88_000, model="n", provider="best"
    )


def test_beat_names_callbacks_that_are_sent(deps: Deps) -> None:
    delivery = DeliveryClaim(
        id=8, attempt=1, tries=0, url="https://example.com/", now_ms=START_MS, trigger="schedule"
    )

    with deps.callback_leases.held(delivery, deps.monotonic()):
        beating(deps)()

    worker = WorkerBook(deps.redis).read().live[0].worker
    assert worker.running == (Running(job=8, since_ms=START_MS),)
    assert worker.models == {}


def test_queues_are_those_of_the_moment(deps: Deps) -> None:
    queues = ["chat.m"]
    heartbeat = beating(deps, queues=lambda: queues)
    heartbeat()
    queues.append("chat.new")
    heartbeat()

    assert WorkerBook(deps.redis).read().live[0].worker.queues == ("chat.m", "chat.new")


def test_worker_that_was_told_to_stop_says_so_and_then_leaves_for_good(deps: Deps) -> None:
    book, heartbeat = WorkerBook(deps.redis), beating(deps, stopping=lambda: True)
    heartbeat()
    assert book.read().live[0].worker.stopping

    heartbeat.end()
    heartbeat()

    roll = book.read()
    assert (roll.live, roll.lost) == ((), ())


def test_worker_ends_also_while_redis_is_away(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    heartbeat = beating(deps)
    monkeypatch.setattr(deps.redis, "pipeline", away)

    heartbeat.end()
