"""Where lines of batches go: past servers where requests wait, and near what they begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from shared.jobs.job import JobState
from shared.providers.health import Condition, Standing
from shared.providers.provider import Provider
from shared.queues.candidates import Candidate
from shared.queues.names import BULK, INTERACTIVE, QUEUED
from shared.queues.server_queues import Reading, told
from shared.settings import Settings
from tests.support.factories import FakeClock, MessageLists, new_job
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.chat.run import run_chat
from workers.maintenance.recovery import Tick
from workers.routing.affinity import near
from workers.routing.candidates import queues_without_bulk


def provider(name: str, **fields: Any) -> Provider:
    base = {"name": name, "base_url": "http://127.0.0.1:1/v1", "models": ["m"]}
    return Provider.model_validate({**base, **fields})


class World:
    """A worker and its tick, whose providers' servers say what a test wants."""

    def __init__(self, deps: Deps, clock: FakeClock, llm: FakeLlm) -> None:
        self.deps, self.clock, self.llm = deps, clock, llm
        self.tick, self.lists = Tick(deps.tick), MessageLists(deps.redis)

    def providers(self, *providers: Provider) -> None:
        self.deps.registry.replace(providers)

    def say(self, **waiting: int) -> None:
        self.clock.advance(1)
        readings = {name: told(self.clock.now_ms, n, None) for name, n in waiting.items()}
        self.deps.servers.learn(readings)

    def accept(self, number: int, priority: int = BULK, **fields: Any) -> list[int]:
        news = [new_job(priority=priority, **fields) for _ in range(number)]
        return [self.deps.jobs.accept(new).id for new in news]

    def work(self, *priorities: int) -> list[str]:
        """Take the messages of these priorities as a worker does; return who was asked."""
        before = len(self.llm.calls)
        for priority in priorities:
            while not (priority == BULK and "chat.m" in queues_without_bulk(self.deps.routing)):
                raw = self.lists.chat_ids("m", priority)
                if not raw:
                    break
                self.lists.lose("chat.m", priority)
                run_chat(self.deps.chat, raw[0], "chat.m", priority)
        return [call.provider.name for call in self.llm.calls[before:]]

    def states(self, ids: Sequence[int]) -> Counter[JobState]:
        jobs = [self.deps.jobs.get(job_id) for job_id in ids]
        return Counter(job.state for job in jobs if job is not None)


@pytest.fixture
def world(fake_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> World:
    llm = FakeLlm()
    deps = build(fake_redis, settings, fake_clock, llm, providers=[_TELLING])
    return World(deps, fake_clock, llm)


_TELLING = provider("a", metrics_url="http://127.0.0.1:1/metrics")


def test_bulk_jobs_stay_in_their_list_while_requests_wait_at_the_server(world: World) -> None:
    world.say(a=3)
    bulk = world.accept(5)
    others = [*world.accept(2, QUEUED), *world.accept(2, INTERACTIVE)]
    assert len(world.work(INTERACTIVE, QUEUED, BULK)) == 4
    assert world.states(others) == {JobState.EXECUTED: 4}
    assert world.states(bulk) == {JobState.QUEUED: 5}
    world.tick()
    # As many as a list of messages holds.
    left = world.lists.chat_ids("m", BULK)
    assert left == bulk[: len(left)] != []
    world.say(a=0)
    assert len(world.work(BULK)) == 2, "slower than before"
    world.say(a=0)
    assert world.states(bulk) == {JobState.EXECUTED: 2, JobState.QUEUED: 3}
    assert len(world.work(BULK)) == 3


def test_who_tells_nothing_has_all_bulk_jobs(world: World) -> None:
    world.deps.servers.learn({"a": Reading(1, problem="it answered 404")})
    world.accept(20)
    assert len(world.work(BULK)) == 20


def test_other_provider_has_the_bulk_jobs_meanwhile(world: World) -> None:
    world.providers(_TELLING, provider("b", priority=-1))
    world.say(a=3)
    world.accept(2)
    world.accept(1, QUEUED)
    assert world.work(QUEUED, BULK) == ["a", "b", "b"]


def test_pinned_bulk_job_waits_for_its_provider_in_nobodys_way(world: World) -> None:
    world.providers(_TELLING, provider("b"))
    world.say(a=3)
    pinned = world.accept(1, provider="a")
    assert world.work(BULK) == []
    world.tick()
    world.accept(1, INTERACTIVE, provider="a")
    world.accept(1, QUEUED)
    assert world.work(INTERACTIVE, QUEUED, BULK)[0] == "a"
    assert world.states(pinned) == {JobState.QUEUED: 1}
    world.say(a=0)
    world.tick()
    world.work(BULK)
    assert world.states(pinned) == {JobState.EXECUTED: 1}


def test_resting_provider_is_not_asked_because_the_other_is_busy(world: World) -> None:
    world.providers(_TELLING, provider("b"))
    world.say(a=3)
    resting = world.deps.health.of("b").model_copy(
        update={"standing": Standing.RESTING, "until_ms": world.clock.now_ms + 60_000}
    )
    world.deps.health_store.set("b", resting)
    world.deps.health_store.refresh(world.deps.health)
    world.accept(1)
    assert world.work(BULK) == []


def test_freed_slot_of_a_busy_server_goes_to_no_bulk_job_and_the_gate_opens(world: World) -> None:
    """Whoever comes next does not stand behind bulk jobs that wait for the server alone."""
    limited = _TELLING.model_copy(update={"concurrency": 1})
    world.providers(limited)
    asked: list[int] = []

    def answer(call: Any) -> bytes:
        # While it runs there is no slot, so that the gate closes behind it.
        if not asked:
            asked.append(1)
            bulk = world.accept(3)
            world.lists.lose("chat.m", BULK)
            run_chat(world.deps.chat, bulk[0], "chat.m", BULK)
            assert world.deps.slots.gates() == ["chat.m"]
            world.say(a=2)
        return b"{}"

    world.llm.answer = answer
    world.accept(1, INTERACTIVE)
    assert len(world.work(INTERACTIVE)) == 1
    assert world.deps.slots.gates() == []
    assert world.deps.slots.held("a") == 0
    [late] = world.accept(1, INTERACTIVE)
    world.work(INTERACTIVE)
    assert world.states([late]) == {JobState.EXECUTED: 1}
    world.tick()
    assert len(world.lists.chat_ids("m", BULK)) == 3
    world.say(a=0)
    assert len(world.work(BULK)) == 2
    world.say(a=0)
    assert len(world.work(BULK)) == 1


def _candidates(*names: str, away: str = "") -> list[Candidate]:
    standing = {name: Standing.OFFLINE if name == away else Standing.ONLINE for name in names}
    return [Candidate(provider(name), Condition(standing[name]), ("chat",)) for name in names]


def _first(mark: str, *names: str, away: str = "", **load: int) -> str:
    candidates = sorted(
        _candidates(*names, away=away), key=lambda one: one.condition.standing != Standing.ONLINE
    )
    return near(candidates, mark, lambda name: load.get(name, 0))[0].provider.name


def test_each_beginning_has_its_provider_and_moves_only_if_that_goes() -> None:
    marks = [f"mark{n}" for n in range(90)]
    homes = {mark: _first(mark, "a", "b", "c") for mark in marks}
    assert all(20 <= count <= 40 for count in Counter(homes.values()).values())
    assert homes == {mark: _first(mark, "c", "a", "b") for mark in marks}
    without = {mark: _first(mark, "a", "b", "c", away="b") for mark in marks}
    assert {m for m in marks if without[m] != homes[m]} == {m for m in marks if homes[m] == "b"}
    assert "b" not in without.values()


def test_provider_that_is_much_busier_lets_another_have_the_beginning() -> None:
    home = _first("mark", "a", "b")
    (other,) = {"a", "b"} - {home}
    assert _first("mark", "a", "b", **{home: 3, other: 3}) == home
    assert _first("mark", "a", "b", **{home: 9, other: 3}) == other
    assert _first("", "a", "b") == "a"


def test_lines_that_begin_alike_go_to_one_provider(world: World) -> None:
    world.providers(provider("a"), provider("b"))
    for mark in ("one", "two", "three", "four"):
        world.accept(4, beginning=mark)
        assert len(set(world.work(BULK))) == 1
    assert {call.provider.name for call in world.llm.calls} == {"a", "b"}
