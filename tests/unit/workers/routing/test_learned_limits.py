"""What processes have seen of a provider becomes its limit, in all of them."""

from __future__ import annotations

from dataclasses import replace

import redis

from shared.providers.provider import Provider, Registry
from shared.queues.adaptive import FIRST, Adaptive, Seen
from shared.queues.adaptive_store import AdaptiveStore
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_settings
from workers.maintenance.limits import Judge, exchange_limits
from workers.routing.learned_limits import LearnedLimits

LEARNS = Provider.model_validate(
    {"name": "p", "base_url": "http://127.0.0.1:1/v1", "models": ["m"], "adaptive": True}
)
FIXED = LEARNS.model_copy(update={"name": "q", "adaptive": False, "concurrency": 3})


def test_limit_is_the_learned_one_below_the_operators() -> None:
    learned = LearnedLimits()
    assert learned.applied(FIXED) is FIXED
    assert learned.applied(LEARNS).concurrency == FIRST
    learned.learn({"p": 17})
    assert learned.applied(LEARNS).concurrency == 17
    assert learned.applied(LEARNS) is learned.applied(LEARNS)
    assert learned.applied(LEARNS.model_copy(update={"concurrency": 9})).concurrency == 9


def test_only_refusals_for_want_of_room_count() -> None:
    learned = LearnedLimits()
    assert learned.refused(LEARNS, 429)
    assert not learned.refused(LEARNS, 500)
    assert not learned.refused(FIXED, 429)
    learned.answered(LEARNS, 0.25)
    learned.answered(FIXED, 0.25)
    assert learned.take() == {"p": Seen(1, 250, 62_500, refused=1)}
    assert learned.take() == {}


def test_limit_is_lower_at_once_by_each_call_that_is_refused() -> None:
    learned = LearnedLimits()
    learned.learn({"p": 17})
    for _ in range(3):
        learned.refused(LEARNS, 429)
        learned.refused(LEARNS, 429, again=True)
    assert learned.applied(LEARNS).concurrency == 14
    for _ in range(30):
        learned.refused(LEARNS, 503)
    assert learned.applied(LEARNS).concurrency == 1
    # It is judged: that holds.
    learned.learn({"p": 12})
    assert learned.applied(LEARNS).concurrency == 12


def test_who_takes_one_call_at_once_is_told_by_the_judge_alone() -> None:
    learned = LearnedLimits()
    learned.learn({"p": 3})
    for _ in range(9):
        learned.refused(LEARNS, 429)
    assert learned.applied(LEARNS).concurrency == 1
    assert not learned.is_least(LEARNS)
    learned.learn({"p": 1})
    assert learned.is_least(LEARNS)


def test_calls_that_a_higher_limit_let_begin_lower_that_one() -> None:
    learned = LearnedLimits()
    learned.learn({"p": 16})
    # Who judges gave them slots before this process heard of it.
    for _ in range(8):
        learned.refused(LEARNS, 429)
    learned.learn({"p": 32})
    assert learned.applied(LEARNS).concurrency == 24


def test_limit_is_as_it_was_when_it_was_judged_to_be_right() -> None:
    learned = LearnedLimits()
    learned.learn({"p": 17})
    learned.refused(LEARNS, 429)
    found = []
    for _ in range(5):
        learned.learn({"p": 17})
        found.append(learned.applied(LEARNS).concurrency)
    assert found == [16, 16, 16, 17, 17]


def test_processes_count_and_one_judges(fake_redis: redis.Redis, fake_clock: FakeClock) -> None:
    built = worker_deps.build(fake_redis, new_settings(), fake_clock, worker_deps.FakeLlm())
    routing = replace(built.routing, registry=Registry([LEARNS, FIXED]))
    other = replace(routing, learned=LearnedLimits())
    store = AdaptiveStore(fake_redis)
    store.put("p", Adaptive(limit=8, good=8))
    for deps in (routing, other):
        deps.learned.refused(LEARNS, 429)
        deps.learned.answered(LEARNS, 0.1)
        exchange_limits(deps)
        assert deps.learned.applied(LEARNS).concurrency == 7
    Judge(routing)()
    # Somebody else is at it.
    Judge(other)()
    exchange_limits(other)
    assert other.learned.applied(LEARNS).concurrency == 6
    assert store.take("p")[1] == Seen()


def test_provider_of_before_is_written_as_before() -> None:
    assert "adaptive" not in FIXED.model_dump()
    assert LEARNS.model_dump()["adaptive"] is True
    assert LEARNS.is_limited
