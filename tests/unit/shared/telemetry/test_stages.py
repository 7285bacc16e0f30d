"""What waits at each stage, how late it is, and who works there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.callbacks.delivery_store import DeliveryStore
from shared.history.live import LiveJobs
from shared.history.query import JobFilter
from shared.jobs.job import Job
from shared.jobs.moves import Claim, Result
from shared.ledger.job_store import JobStore
from shared.providers.provider import Provider
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.telemetry.overview import Overview, read_overview
from shared.telemetry.stages import Stage
from shared.telemetry.workers import LOST_AFTER_S, Worker, WorkerBook
from tests.support.factories import FakeClock, MessageLists, new_job
from tests.support.worker_deps import FakeLlm, build
from workers.chat.run import run_chat


class Cluster:
    """A ledger and its overview on one clock."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: FakeClock) -> None:
        self.client, self.clock = client, clock
        self.jobs = JobStore(client, settings, clock)
        self.recovery = RecoveryStore(client, settings, clock)
        self.deliveries = DeliveryStore(client, settings, clock)
        self.lists, self.book = MessageLists(client), WorkerBook(client, clock)

    def overview(self, *providers: Provider) -> Overview:
        return read_overview(self.client, providers, self.clock)

    def stage(self, name: str = "chat", model: str | None = None) -> Stage:
        """Return the one stage of this name."""
        stages = self.overview().stages
        (found,) = [one for one in stages if one.name == name and model in (None, one.model)]
        return found

    def accept(self, **fields: Any) -> int:
        return self.jobs.accept(new_job(**fields)).id

    def claim(self) -> Claim:
        job_id = self.lists.take_chat()
        assert job_id is not None
        claim = self.jobs.claim(job_id, "chat.m", 5, "w")
        assert claim is not None
        return claim

    def execute(self) -> Job:
        claim = self.claim()
        self.jobs.execute(claim.id, claim.attempt, Result.response(b"{}"))
        job = self.jobs.get(claim.id)
        assert job is not None
        return job

    def beat(self, name: str = "w", **fields: Any) -> None:
        self.book.beat(Worker(**{"name": name, "pid": 1, "queues": ("chat.m",), **fields}))


@pytest.fixture
def cluster(ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> Cluster:
    return Cluster(ledger_redis, settings, fake_clock)


# --- lag ------------------------------------------------------------------------------------------


def test_lag_is_the_age_of_the_one_that_waits_longest(cluster: Cluster) -> None:
    for priority in (9, 0, 5):
        cluster.accept(priority=priority)
        cluster.clock.advance(10)

    stage = cluster.stage()

    assert (stage.model, stage.depth, stage.lag_s) == ("m", 3, 30)


def test_lag_is_nothing_when_nobody_waits(cluster: Cluster) -> None:
    cluster.accept()
    cluster.claim()
    cluster.clock.advance(60)

    assert (cluster.stage().depth, cluster.stage().lag_s) == (0, 0)


def test_lag_grows_behind_the_window_too(cluster: Cluster, settings: Settings) -> None:
    ids = [cluster.accept()]
    cluster.clock.advance(5)
    ids += [cluster.accept(owner="another") for _ in range(settings.queue_window + 20)]
    for _ in ids[:1]:
        cluster.claim()
    cluster.clock.advance(7)

    assert (cluster.stage().depth, cluster.stage().lag_s) == (len(ids) - 1, 7)


def _after_a_failed_attempt(cluster: Cluster) -> None:
    claim = cluster.claim()
    cluster.clock.advance(100)
    cluster.jobs.defer(claim.id, claim.attempt, 50)
    cluster.clock.advance(50)
    cluster.recovery.promote_jobs()


def _after_its_worker_died(cluster: Cluster) -> None:
    cluster.claim()
    cluster.clock.advance(1000)
    cluster.recovery.reap_jobs()


def _after_it_was_cancelled_and_retried(cluster: Cluster) -> None:
    job = cluster.jobs.get(1)
    assert job is not None
    cluster.jobs.cancel(job)
    job = cluster.jobs.get(1)
    assert job is not None
    cluster.jobs.complete([job])
    cluster.clock.advance(300)
    cluster.jobs.retry(job)


@pytest.mark.parametrize(
    "bring_back",
    [_after_a_failed_attempt, _after_its_worker_died, _after_it_was_cancelled_and_retried],
)
def test_job_that_is_queued_again_has_waited_since_then(
    cluster: Cluster, bring_back: Callable[[Cluster], None]
) -> None:
    cluster.accept()
    bring_back(cluster)
    cluster.clock.advance(3)

    assert (cluster.stage().depth, cluster.stage().lag_s) == (1, 3)


def test_job_at_the_front_hides_none_that_has_waited_longer(cluster: Cluster) -> None:
    first, second, _ = cluster.accept(), cluster.accept(), cluster.accept()
    for _ in (first, second):
        claim = cluster.claim()
        cluster.jobs.defer(claim.id, claim.attempt, 1)
    cluster.clock.advance(20)
    cluster.recovery.promote_jobs()

    assert (cluster.stage().depth, cluster.stage().lag_s) == (3, 20)


def test_of_jobs_at_the_front_the_one_put_there_first_counts(cluster: Cluster) -> None:
    for _ in range(2):
        cluster.accept()
    for delay_s in (10, 20):
        claim = cluster.claim()
        cluster.jobs.defer(claim.id, claim.attempt, delay_s)
    for _ in range(2):
        cluster.clock.advance(10)
        cluster.recovery.promote_jobs()

    assert (cluster.stage().depth, cluster.stage().lag_s) == (2, 10)


def test_jobs_that_wait_for_one_provider_count(
    fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock
) -> None:
    limited = {"name": "acme", "base_url": "http://127.0.0.1:1/v1", "models": ["m"]}
    provider = Provider.model_validate({**limited, "concurrency": 1})
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), providers=[provider])
    cluster = Cluster(fake_redis, settings, fake_clock)
    fake_redis.zadd(keys.slots("acme"), {"4711": fake_clock() + 30_000})
    for job_id in (1, 2):
        assert cluster.accept(provider="acme") == job_id
        fake_clock.advance(9)
    while (taken := cluster.lists.take_chat()) is not None:
        run_chat(deps.chat, taken, "chat.m", 5)

    assert (cluster.stage().depth, cluster.stage().lag_s) == (2, 18)
    assert cluster.overview().waiting[0].queued == 2
    for owner in (None, "key1"):
        found = LiveJobs(cluster.jobs).find(JobFilter(owner=owner, model="m"))
        assert [job.id for job in found] == [2, 1]


# --- the stages behind the chats ------------------------------------------------------------------


def test_stages_behind_the_chats_tell_their_lag(cluster: Cluster) -> None:
    cluster.accept(reply_to="https://example.com/")
    job = cluster.execute()
    cluster.clock.advance(4)
    stage = cluster.stage("completion")
    assert (stage.depth, stage.lag_s) == (1, 4)

    cluster.jobs.complete([job])
    cluster.clock.advance(6)

    assert cluster.stage("completion").depth == 0
    for name in ("callbacks", "history"):
        stage = cluster.stage(name)
        assert (stage.depth, stage.lag_s) == (1, 6)


def test_callbacks_held_for_their_receiver_are_told_apart(cluster: Cluster) -> None:
    for _ in range(3):
        cluster.accept(reply_to="https://slow.example.com/")
        cluster.jobs.complete([cluster.execute()])
    cluster.clock.advance(5)
    for _ in range(2):
        job_id = cluster.lists.take("callbacks")
        assert job_id is not None
        cluster.deliveries.claim(job_id)

    stage = cluster.stage("callbacks")

    # Of a receiver that was never asked before, one attempt at a time.
    assert (stage.depth, stage.in_flight, stage.held, stage.lag_s) == (1, 1, 1, 5)


# --- who works there ------------------------------------------------------------------------------


def test_slots_are_those_of_the_workers_that_serve_the_stage(cluster: Cluster) -> None:
    cluster.accept()
    cluster.accept(model="n")
    cluster.beat("a", queues=("chat.m", "chat.n"), slots=10, busy=4, models={"m": 3, "n": 1})
    cluster.beat("b", slots=5, busy=5, models={"m": 5})
    cluster.beat("c", queues=("completion",), slots=2, busy=1)
    cluster.beat("d", slots=50, busy=2, models={"m": 2}, stopping=True)

    stage = cluster.stage(model="m")
    assert (stage.workers, stage.slots, stage.busy, stage.in_flight) == (2, 15, 9, 10)
    stage = cluster.stage(model="n")
    assert (stage.workers, stage.slots, stage.busy, stage.in_flight) == (1, 10, 4, 1)
    stage = cluster.stage("completion")
    assert (stage.workers, stage.slots, stage.busy) == (1, 2, 1)
    stage = cluster.stage("history")
    assert (stage.workers, stage.slots, stage.busy) == (1, None, None)


def test_lost_worker_lends_no_slots(cluster: Cluster) -> None:
    cluster.accept()
    cluster.beat("a", slots=10, busy=4, models={"m": 4})
    cluster.clock.advance(LOST_AFTER_S + 1)

    stage = cluster.stage()

    assert (stage.workers, stage.slots, stage.busy, stage.in_flight) == (0, 0, 0, 0)
    assert [one.worker.name for one in cluster.overview().roll.lost] == ["a"]


def test_slots_of_providers_are_counted_over_all_workers(cluster: Cluster) -> None:
    url = {"base_url": "http://127.0.0.1:1/v1", "models": ["m"]}
    limited = Provider.model_validate({"name": "limited", "concurrency": 3, **url})
    free = Provider.model_validate({"name": "free", **url})
    moments = {"1": 30_000, "2": 10, "3": 30_000}
    now_ms = cluster.clock()
    cluster.client.zadd(
        keys.slots("limited"), {job: now_ms + left for job, left in moments.items()}
    )
    cluster.clock.advance(1)
    for name in ("a", "b"):
        cluster.beat(name, providers={"free": 2, "limited": 1})

    rows = cluster.overview(limited, free).providers

    assert [(row.name, row.in_use, row.limit) for row in rows] == [
        ("limited", 2, 3),
        ("free", 4, None),
    ]


# --- cost -----------------------------------------------------------------------------------------


def test_overview_costs_as_much_with_many_jobs_as_with_few(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = []
    pipeline = cluster.client.pipeline

    def counted(*args: Any, **options: Any) -> Any:
        pipe = pipeline(*args, **options)
        execute = pipe.execute

        def run(*more: Any, **rest: Any) -> Any:
            trips.append(len(pipe.command_stack))
            return execute(*more, **rest)

        pipe.execute = run
        return pipe

    for model in ("a", "b", "c"):
        cluster.accept(model=model)
    cluster.overview()
    monkeypatch.setattr(cluster.client, "pipeline", counted)
    cluster.overview()
    few = list(trips)
    for _ in range(300):
        cluster.accept(model="a")
    trips.clear()
    cluster.overview()

    assert trips == few
    assert len(few) <= 5
