"""What the tick does for jobs that wait for a provider, or for a slot of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from shared.jobs.job import JobState
from shared.operation import Operation
from shared.providers.health import Health, Standing
from shared.providers.provider import Provider
from shared.providers.registry_document import added
from shared.settings import Settings
from tests.support.factories import FakeClock, MessageLists, new_job
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.chat.run import run_chat
from workers.maintenance.recovery import Tick
from workers.routing.candidates import candidates_of


def _provider(name: str = "acme", **fields: Any) -> Provider:
    return Provider.model_validate(
        {"name": name, "base_url": "http://127.0.0.1:1/v1", "models": ["m"], **fields}
    )


class World:
    """A worker, its tick, and its providers."""

    def __init__(self, deps: Deps, clock: FakeClock) -> None:
        self.clock = clock
        self.deps, self.tick, self.lists = deps, Tick(deps.tick), MessageLists(deps.redis)

    def providers(self, *providers: Provider) -> None:
        self.deps.registry.replace(providers)

    def hold(self, name: str, *, online: bool) -> None:
        health = Health() if online else Health(standing=Standing.HELD, reason="taken offline")
        self.deps.health_store.set(name, health)
        self.deps.health_store.refresh(self.deps.health)

    def accept(self, number: int = 1, **fields: Any) -> list[int]:
        return [self.deps.jobs.accept(new_job(**fields)).id for _ in range(number)]

    def work(self) -> None:
        while (job_id := self.lists.take_chat()) is not None:
            run_chat(self.deps.chat, job_id, "chat.m", 5)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def errors(self, ids: Sequence[int]) -> set[str]:
        """Return the codes of the errors that jobs ended with."""
        jobs = [self.deps.jobs.get(job_id) for job_id in ids]
        return {json.loads(job.error)["error"]["code"] for job in jobs if job and job.error}

    def states(self, ids: Sequence[int]) -> set[JobState]:
        jobs = [self.deps.jobs.get(job_id) for job_id in ids]
        return {job.state for job in jobs if job is not None}


@pytest.fixture
def world(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> World:
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), providers=[_provider()])
    return World(deps, fake_clock)


def test_jobs_go_on_when_their_provider_is_back(world: World) -> None:
    world.hold("acme", online=False)
    ids = world.accept(10)
    world.work()
    world.tick()
    world.work()
    assert world.states(ids) == {JobState.QUEUED}
    world.hold("acme", online=True)
    world.tick()
    world.work()
    assert world.states(ids) == {JobState.EXECUTED}
    assert world.deps.slots.gates() == []


def test_pinned_jobs_go_on_when_their_provider_is_back(world: World) -> None:
    world.providers(_provider(), _provider("other"))
    world.hold("acme", online=False)
    pinned, others = world.accept(3, provider="acme"), world.accept(3)
    world.work()
    assert (world.states(pinned), world.states(others)) == ({JobState.QUEUED}, {JobState.EXECUTED})
    world.hold("acme", online=True)
    world.tick()
    world.work()
    assert world.states(pinned) == {JobState.EXECUTED}


def test_jobs_pinned_to_a_provider_that_was_deleted_end(world: World) -> None:
    """As they do when it was deleted before their turn: nobody could ever answer them."""
    world.providers(_provider(), _provider("other"))
    world.hold("acme", online=False)
    pinned = world.accept(3, provider="acme")
    world.work()
    world.tick()
    assert world.states(pinned) == {JobState.QUEUED}
    world.providers(_provider("other"))
    world.tick()
    world.work()
    assert world.errors(pinned) == {"no_provider"}
    assert world.deps.slots.gates() == []


def test_jobs_of_a_model_that_nobody_has_any_more_end(world: World) -> None:
    world.hold("acme", online=False)
    ids = world.accept(10)
    world.work()
    world.providers()
    world.tick()
    world.work()
    assert world.errors(ids) == {"no_provider"}


def test_job_goes_on_when_its_provider_was_deleted_and_others_have_the_model(world: World) -> None:
    world.hold("acme", online=False)
    ids = world.accept(3)
    world.work()
    world.providers(_provider("new", concurrency=1))
    world.tick()
    world.work()
    assert world.states(ids) == {JobState.EXECUTED}


def test_jobs_go_on_when_all_is_lost_but_the_ledger(world: World) -> None:
    """The last worker died with a slot and a message, and whoever waited for it knows nothing."""
    world.providers(_provider(concurrency=1))
    held, *waiting = world.accept(4)
    world.deps.jobs.claim(
        held, "chat.m", 5, "gone", candidates_of(world.deps.routing, "m")
    )  # And no more of it.
    world.work()
    assert world.states(waiting) == {JobState.QUEUED}
    world.deps.redis.delete("slots:gates:acme")
    world.tick()
    for _ in range(40):
        world.advance(1)
        world.tick()
        world.work()
    assert world.states([held, *waiting]) == {JobState.EXECUTED}
    assert world.deps.slots.gates() == []


def test_worker_that_is_behind_the_registry_does_not_fail_the_job(world: World) -> None:
    new = _provider("new")
    world.deps.follower.store.change(lambda document: added(document, new, 0))
    (job_id,) = world.accept(1, provider="new")
    world.work()
    assert world.states([job_id]) == {JobState.QUEUED}
    world.tick()
    world.work()
    assert world.states([job_id]) == {JobState.EXECUTED}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param([_provider(concurrency=2)], id="it has more slots now"),
        pytest.param([_provider()], id="it has no limit any more"),
        pytest.param([_provider(concurrency=1), _provider("new")], id="another one was added"),
        pytest.param(
            [_provider(concurrency=1), _provider("new", concurrency=1)],
            id="so was one with a limit",
        ),
    ],
)
def test_jobs_that_wait_for_a_slot_go_on_when(world: World, change: list[Provider]) -> None:
    world.providers(_provider(concurrency=1))
    (running,) = world.accept(1)
    world.deps.redis.zadd("slots:held:acme", {"999": world.deps.clock() * 1000 + 20_000})
    world.work()
    world.tick()
    assert world.states([running]) == {JobState.QUEUED}
    world.providers(*change)
    world.tick()
    world.work()
    assert world.states([running]) == {JobState.EXECUTED}


def test_jobs_that_wait_for_what_another_dialect_can_do_do_not_hold_up_the_others(
    world: World,
) -> None:
    """Only `acme` can embed, and it is offline; `claude` can chat."""
    world.providers(_provider(), _provider("claude", type="anthropic"))
    world.hold("acme", online=False)
    embeddings = world.accept(20, operation=Operation.EMBEDDING)
    world.work()
    chats = world.accept(20)
    world.work()
    assert world.states(chats) == {JobState.EXECUTED}
    assert world.states(embeddings) == {JobState.QUEUED}
    world.hold("acme", online=True)
    world.tick()
    world.work()
    assert world.states(embeddings) == {JobState.EXECUTED}
    assert world.deps.slots.gates() == []
