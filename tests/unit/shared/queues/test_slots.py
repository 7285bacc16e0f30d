"""Slots of limited providers: never more than there are, none idle while somebody waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import redis

from shared.jobs.job import Attempt, JobState
from shared.jobs.moves import Claim, Result
from shared.ledger.job_store import JobStore
from shared.operation import Operation
from shared.providers.health import Condition, Standing
from shared.providers.provider import Provider
from shared.queues import names as task_names
from shared.queues.candidates import Candidate
from shared.queues.gates import gate_parts
from shared.queues.slots import RESERVED_S, SlotStore
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, MessageLists, dump, new_job

OK = Result.response(b"{}")
ONLINE = Condition(Standing.ONLINE)


def provider(name: str = "acme", **fields: Any) -> Provider:
    return Provider.model_validate(
        {"name": name, "base_url": "http://127.0.0.1:1/v1", "models": ["m"], **fields}
    )


def candidate(one: Provider, standing: Standing = Standing.ONLINE) -> Candidate:
    return Candidate(one, Condition(standing), ("chat",))


THREE = provider(concurrency=3)


class World:
    """A ledger and a worker's hands."""

    def __init__(
        self, client: redis.Redis, settings: Settings, clock: FakeClock, lists: MessageLists
    ) -> None:
        self.redis, self.clock, self.lists = client, clock, lists
        self.jobs = JobStore(client, settings, clock)
        self.slots = SlotStore(client, settings, clock)
        self.recovery = RecoveryStore(client, settings, clock)
        self.candidates: Sequence[Candidate] = [candidate(THREE)]

    def accept(self, number: int = 1, **fields: Any) -> list[int]:
        return [self.jobs.accept(new_job(**fields)).id for _ in range(number)]

    def work(self) -> list[Claim]:
        """Consume all messages; return the claims that came of them."""
        claims = []
        while (job_id := self.lists.take_chat()) is not None:
            priority = self.priority(job_id)
            claim = self.jobs.claim(job_id, "chat.m", priority, "w", self.candidates)
            if claim is not None:
                claims.append(claim)
        return claims

    def priority(self, job_id: int) -> int:
        job = self.jobs.get(job_id)
        assert job is not None
        return job.priority

    def finish(self, claim: Claim, tokens: int = 0) -> None:
        at = next(c.provider for c in self.candidates if c.provider.name == claim.chosen)
        along = [self.slots.give_back(at, claim.id, claim.attempt, tokens)]
        self.jobs.execute(claim.id, claim.attempt, OK, along=along)

    def state(self, job_id: int) -> JobState:
        job = self.jobs.get(job_id)
        assert job is not None
        return job.state

    def held(self) -> int:
        return int(self.redis.zcard(keys.slots("acme")))


@pytest.fixture
def world(
    ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock, lists: MessageLists
) -> World:
    return World(ledger_redis, settings, fake_clock, lists)


def test_claims_stop_at_the_limit_and_use_up_no_attempt(world: World) -> None:
    ids = world.accept(10)
    claims = world.work()
    assert [claim.id for claim in claims] == ids[:3]
    assert {claim.chosen for claim in claims} == {"acme"}
    waiting = world.jobs.get(ids[5])
    assert waiting is not None
    assert (waiting.state, waiting.attempt) == (JobState.QUEUED, 0)
    assert world.slots.gates() == ["chat.m"]


def test_slot_that_is_given_back_goes_to_the_next_in_line(world: World) -> None:
    ids = world.accept(10)
    running = world.work()
    order = [claim.id for claim in running]
    while running:
        world.finish(running.pop(0))
        assert world.held() <= 3
        got = world.work()
        order += [claim.id for claim in got]
        running += got
    assert order == ids
    assert world.slots.gates() == []
    assert world.held() == 0


def test_nobody_who_comes_later_takes_a_slot_that_was_handed_over(world: World) -> None:
    ids = world.accept(4)
    running = world.work()
    world.finish(running[0])
    (late,) = world.accept(1, priority=task_names.INTERACTIVE)
    world.candidates = [candidate(THREE)]
    assert world.jobs.claim(late, "chat.m", 0, "w", world.candidates) is None
    assert [claim.id for claim in world.work()] == [ids[3]]


def test_interactive_jobs_have_their_slot_first(world: World) -> None:
    world.accept(6)
    running = world.work()
    (call,) = world.accept(1, priority=task_names.INTERACTIVE)
    world.work()
    world.finish(running[0])
    assert [claim.id for claim in world.work()] == [call]


def test_owners_take_turns_at_the_gate(world: World) -> None:
    world.accept(20, owner="batch")
    running = world.work()
    others = world.accept(2, owner="other")
    world.work()
    served = []
    for _ in range(6):
        world.finish(running.pop(0))
        got = world.work()
        running += got
        served += [claim.id for claim in got]
    assert set(others) < set(served)


def test_slots_of_a_dead_worker_come_back_with_their_leases(world: World) -> None:
    ids = world.accept(4)
    world.work()
    world.clock.advance(29)
    assert world.slots.hand_over([THREE]) == 0
    world.clock.advance(2)
    assert world.slots.hand_over([THREE]) == 1
    assert [claim.id for claim in world.work()] == [ids[3]]


def test_renewed_slot_stays_held(world: World) -> None:
    ids = world.accept(4)
    world.work()
    world.clock.advance(20)
    world.slots.renew([("acme", job_id) for job_id in ids[:3]])
    world.clock.advance(20)
    assert world.slots.hand_over([THREE]) == 0
    world.slots.renew([("acme", 999)])
    assert world.held() == 3


def test_slot_that_its_job_did_not_fetch_goes_to_another(world: World) -> None:
    ids = world.accept(5)
    running = world.work()
    world.finish(running[0])
    world.lists.lose("chat.m", task_names.QUEUED)
    assert world.slots.hand_over([THREE]) == 0
    world.slots.renew([("acme", claim.id) for claim in running[1:]])
    world.clock.advance(RESERVED_S + 1)
    assert world.slots.hand_over([THREE]) == 1
    assert [claim.id for claim in world.work()] == [ids[4]]
    # The lost message is found by the tick, and its job waits for the next slot.
    world.recovery.repush_jobs()
    world.clock.advance(4)
    assert world.recovery.repush_jobs() == 1
    assert world.work() == []
    world.finish(running[1])
    assert [claim.id for claim in world.work()] == [ids[3]]


def test_job_reaped_from_a_dead_worker_goes_on_in_its_own_slot(world: World) -> None:
    ids = world.accept(3)
    world.work()
    world.slots.renew([("acme", job_id) for job_id in ids])
    world.clock.advance(30.0)
    assert world.recovery.reap_jobs() == 3
    assert {claim.id for claim in world.work()} == set(ids)
    assert world.held() == 3


def test_cancelled_job_gives_its_reserved_slot_back(world: World) -> None:
    ids = world.accept(5)
    running = world.work()
    world.finish(running[0])
    job = world.jobs.get(ids[3])
    assert job is not None
    world.jobs.cancel(job)
    assert world.work() == []
    assert world.slots.hand_over([THREE]) == 1
    assert [claim.id for claim in world.work()] == [ids[4]]


def test_job_cancelled_at_the_gate_leaves_it(world: World) -> None:
    world.candidates = [candidate(THREE), candidate(provider("free"))]
    ids = world.accept(5, provider="acme")
    world.work()
    for job_id in ids[3:]:
        job = world.jobs.get(job_id)
        assert job is not None
        world.jobs.cancel(job)
    assert not [key for key in dump(world.redis) if key.startswith(b"waiting:")]


def test_pinned_jobs_wait_alone_while_others_go_on(world: World) -> None:
    world.candidates = [candidate(provider(concurrency=1)), candidate(provider("free"))]
    pinned = world.accept(3, provider="acme")
    others = world.accept(3)
    running = world.work()
    assert [claim.id for claim in running] == [pinned[0], *others]
    assert {claim.chosen for claim in running[1:]} == {"free"}
    world.finish(running[0])
    assert [(c.id, c.chosen) for c in world.work()] == [(pinned[1], "acme")]


def test_job_without_a_usable_provider_waits_and_uses_up_no_attempt(world: World) -> None:
    acme = provider()
    world.candidates = [candidate(acme, Standing.OFFLINE)]
    ids = world.accept(3)
    assert world.work() == []
    assert world.slots.gates() == ["chat.m"]
    world.candidates = [candidate(acme)]
    world.slots.open_gates(["chat.m"])
    assert world.recovery.dispatch_jobs() == 3
    assert [claim.id for claim in world.work()] == ids


def test_job_that_waits_at_a_gate_ends_with_its_deadline(world: World) -> None:
    world.candidates = [candidate(provider(), Standing.OFFLINE)]
    (job_id,) = world.accept(1, timeout_s=5.0, provider="acme")
    world.work()
    world.clock.advance(6)
    assert world.recovery.expire_jobs() == 1
    assert world.state(job_id) is JobState.EXECUTED
    assert not [key for key in dump(world.redis) if key.startswith(b"waiting:")]


def test_resting_provider_is_called_only_when_nobody_is_online(world: World) -> None:
    resting = candidate(provider("tired"), Standing.RESTING)
    world.candidates = [candidate(provider(concurrency=1)), resting]
    world.accept(2)
    assert [claim.chosen for claim in world.work()] == ["acme"]
    world.candidates = [candidate(provider(concurrency=1), Standing.OFFLINE), resting]
    world.slots.open_gates(["chat.m"])
    world.recovery.dispatch_jobs()
    assert [claim.chosen for claim in world.work()] == ["tired"]


def test_forced_job_is_sent_also_to_a_provider_that_is_offline(world: World) -> None:
    world.candidates = [candidate(provider(), Standing.HELD)]
    (job_id,) = world.accept(1, provider="acme", forced=True)
    assert [(claim.id, claim.chosen) for claim in world.work()] == [(job_id, "acme")]


def test_requests_per_minute_are_spread(world: World) -> None:
    world.candidates = [candidate(provider(requests_per_minute=20))]
    world.accept(5)
    assert len(world.work()) == 2
    world.clock.advance(3)
    world.slots.hand_over([world.candidates[0].provider])
    assert len(world.work()) == 1


def test_tokens_per_minute_are_counted_after_the_answer(world: World) -> None:
    world.candidates = [candidate(provider(tokens_per_minute=600))]
    world.accept(1)
    (first,) = world.work()
    world.finish(first, tokens=100)
    world.accept(1)
    assert world.work() == []
    world.clock.advance(3)
    assert world.slots.hand_over([world.candidates[0].provider]) == 0
    world.clock.advance(2)
    assert world.slots.hand_over([world.candidates[0].provider]) == 1
    assert len(world.work()) == 1


def test_claim_that_comes_twice_takes_one_slot(world: World) -> None:
    (job_id,) = world.accept(1)
    world.work()
    assert world.jobs.claim(job_id, "chat.m", 5, "w", world.candidates) is None
    assert world.held() == 1


def test_giving_back_twice_frees_one_slot_and_counts_tokens_once(world: World) -> None:
    limited = provider(concurrency=3, tokens_per_minute=600)
    world.candidates = [candidate(limited)]
    world.accept(5)
    running = world.work()
    for _ in range(2):
        world.finish(running[0], tokens=50)
    assert world.held() == 3
    left = float(world.redis.hget(keys.rates("acme"), "tokens") or 0)
    assert left == pytest.approx(10)


def test_fail_over_takes_a_slot_of_the_other_and_keeps_the_fence(world: World) -> None:
    world.candidates = [candidate(provider(concurrency=1)), candidate(provider("b", concurrency=1))]
    world.accept(1)
    (first,) = world.work()
    record = Attempt(1, "acme", 0, 1, "failed")
    second = world.jobs.attempts.fail_over(first, world.candidates, record)
    assert isinstance(second, Claim)
    assert (second.attempt, second.chosen, second.failed) == (2, "b", ("acme",))
    # Given back in a step of its own, it could be that of a later attempt there.
    assert world.held() == 0
    assert world.jobs.execute(first.id, first.attempt, OK).value == "refused"
    assert world.jobs.attempts.fail_over(second, world.candidates, record) == "none"
    assert world.redis.zcard(keys.slots("b")) == 1


def test_attempt_that_was_lost_does_not_give_the_slot_of_the_next_one_back(world: World) -> None:
    world.accept(1)
    (lost,) = world.work()
    world.clock.advance(31)
    world.recovery.reap_jobs()
    (second,) = world.work()
    world.finish(lost)
    assert (second.attempt, world.held()) == (2, 1)
    world.finish(second)
    assert world.held() == 0


def test_pinned_job_is_not_held_up_by_the_gate_of_its_queue(world: World) -> None:
    world.candidates = [candidate(provider(), Standing.HELD)]
    world.accept(1)
    assert world.work() == []
    (forced,) = world.accept(1, provider="acme", forced=True)
    assert [claim.id for claim in world.work()] == [forced]


def test_slot_that_was_reserved_for_a_job_that_cannot_use_it_is_free_again(world: World) -> None:
    other = candidate(provider("other", concurrency=1))
    world.candidates = [candidate(provider(concurrency=1)), other]
    (job_id,) = world.accept(1, provider="other")
    world.redis.zadd(keys.slots("acme"), {str(job_id): world.clock() + 5000})
    assert [claim.chosen for claim in world.work()] == ["other"]
    assert world.held() == 0


@pytest.mark.parametrize(
    ("operation", "pinned", "chosen"),
    [
        pytest.param(Operation.CHAT, "", "claude", id="the best that can chat"),
        pytest.param(Operation.EMBEDDING, "", "plain", id="the only one that can embed"),
        pytest.param(Operation.EMBEDDING, "claude", "", id="nobody when the pinned one cannot"),
        pytest.param(Operation.OLLAMA_GENERATE, "", "", id="nobody when none can"),
    ],
)
def test_claim_takes_only_a_provider_that_speaks_the_operation(
    world: World, operation: Operation, pinned: str, chosen: str
) -> None:
    world.candidates = [
        Candidate(provider("claude"), ONLINE, ("chat",)),
        Candidate(provider("plain"), ONLINE, ("chat", "embedding")),
    ]
    world.accept(1, operation=operation, provider=pinned)
    assert [claim.chosen for claim in world.work()] == [chosen]


@pytest.mark.parametrize("end", ["cancel", "deadline"])
def test_job_leaves_the_gate_of_its_operation_when_it_ends_by(world: World, end: str) -> None:
    away = Candidate(provider(), Condition(Standing.HELD), ("chat", "embedding"))
    world.candidates = [away, Candidate(provider("claude"), ONLINE, ("chat",))]
    (job_id,) = world.accept(1, operation=Operation.EMBEDDING, timeout_s=60)
    assert world.work() == []
    gate = world.slots.gates()[0]
    assert gate_parts(gate) == ("chat.m", "", "embedding")
    if end == "cancel":
        job = world.jobs.get(job_id)
        assert job is not None
        world.jobs.cancel(job)
    else:
        world.clock.advance(61)
        world.recovery.expire_jobs()
    assert world.state(job_id).has_result
    assert not any(world.redis.exists(keys.waiting(gate, p)) for p in task_names.PRIORITIES)
