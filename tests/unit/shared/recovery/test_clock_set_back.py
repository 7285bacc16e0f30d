"""Redis's clock is set back by two hours: nothing waits for these two hours."""

from __future__ import annotations

import pytest
import redis

from shared.api_keys.limits import Allowance, Limits
from shared.errors import RateLimitExceeded, TokenRateExceeded
from shared.jobs.moves import Result
from shared.ledger.job_store import JobStore
from shared.providers.health import Condition, Health, Standing
from shared.providers.health_store import Failed, HealthStore, RestPolicy
from shared.providers.provider import Provider
from shared.queues.candidates import Candidate
from shared.queues.slots import SlotStore
from shared.recovery.recovery_store import RecoveryStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from tests.support.factories import FakeClock, MessageLists, new_job
from workers.maintenance.clock_watch import ClockWatch

BACK_S = 7200.0


@pytest.mark.parametrize(
    ("looks", "step_s"),
    [
        pytest.param([(1000, 0, 0), (1001, 1, 1)], 0, id="both go on"),
        pytest.param([(1000, 0, 0), (4601, 1, 1)], 3600, id="ahead"),
        pytest.param([(8200, 0, 0), (1001, 1, 1)], -7200, id="back"),
        pytest.param([(1000, 0, 0), (1010, 1, 10), (1011, 11, 11)], 0, id="a slow answer"),
        pytest.param([(1000, 0, 9), (1010, 10, 10)], 0, id="a slow answer before"),
        pytest.param([(8200, 0, 9), (1010, 10, 10)], -7191, id="back, at the least"),
    ],
)
def test_step_is_what_no_slow_answer_explains(
    looks: list[tuple[float, float, float]], step_s: float
) -> None:
    watch = ClockWatch()
    assert [watch.step_s(*look) for look in looks][-1] == step_s


def test_pause_of_a_job_ends_when_it_would_have(
    job_store: JobStore, recovery: RecoveryStore, lists: MessageLists, fake_clock: FakeClock
) -> None:
    job_id = job_store.accept(new_job()).id
    lists.take_chat("m")
    claim = job_store.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    job_store.defer(job_id, claim.attempt, 60)
    fake_clock.advance(-BACK_S)
    assert recovery.shorten_pauses(BACK_S) == 1
    # The tick of another process has noticed the same step.
    assert recovery.shorten_pauses(BACK_S) == 0
    fake_clock.advance(59)
    assert recovery.promote_jobs() == 0
    fake_clock.advance(1)
    assert recovery.promote_jobs() == 1


def test_thousands_of_pauses_are_cut_at_once(
    ledger_redis: redis.Redis, recovery: RecoveryStore, fake_clock: FakeClock
) -> None:
    later_ms = fake_clock() + 30_000
    ledger_redis.zadd(keys.DELIVERIES_DELAYED, {str(i): later_ms + i for i in range(2501)})
    ledger_redis.zadd(keys.DELIVERIES_DELAYED, {"due": fake_clock()})
    assert recovery.shorten_pauses(10) == 2501
    row = ledger_redis.zrange(keys.DELIVERIES_DELAYED, 0, -1, withscores=True)
    assert [score for _, score in row[1:]] == [later_ms + i - 10_000 for i in range(2501)]
    assert row[0] == (b"due", fake_clock())


def test_minute_of_a_provider_goes_on(
    ledger_redis: redis.Redis,
    job_store: JobStore,
    settings: Settings,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> None:
    limited = Provider.model_validate(
        {"name": "acme", "base_url": "http://127.0.0.1:1/v1", "models": ["m"]}
        | {"requests_per_minute": 10}
    )
    candidates = [Candidate(limited, Condition(Standing.ONLINE), ("chat",))]
    slots = SlotStore(ledger_redis, settings, fake_clock)

    def serve() -> bool:
        job_store.accept(new_job())
        slots.hand_over([limited])
        job_id = lists.take_chat("m")
        claim = job_id and job_store.claim(job_id, "chat.m", 5, "w", candidates)
        if not claim:
            return False
        along = [slots.give_back(limited, claim.id, claim.attempt, 0)]
        return bool(job_store.execute(claim.id, claim.attempt, Result.response(b"{}"), along=along))

    assert serve()
    assert not serve()
    fake_clock.advance(-BACK_S)
    assert serve()


@pytest.mark.parametrize("limit", ["requests_per_minute", "tokens_per_minute"])
def test_minute_of_a_key_goes_on(job_store: JobStore, fake_clock: FakeClock, limit: str) -> None:
    allowance = Allowance("key_7", Limits(**{limit: 5}), 5)
    for _ in range(5 if limit == "requests_per_minute" else 1):
        job_store.accept(new_job(allowance=allowance))
    with pytest.raises((RateLimitExceeded, TokenRateExceeded)):
        job_store.accept(new_job(allowance=allowance))
    fake_clock.advance(-BACK_S)
    job_store.accept(new_job(allowance=allowance))


def test_rest_of_a_provider_is_over_and_another_can_begin(
    ledger_redis: redis.Redis, fake_clock: FakeClock
) -> None:
    store, policy = HealthStore(ledger_redis, fake_clock), RestPolicy(1, 5.0, 30.0)
    down = Failed(Standing.RESTING, "it answered 500")
    assert store.failed("acme", "m", down, policy, 1).at(fake_clock()) is Standing.RESTING
    fake_clock.advance(-BACK_S)
    health = store.failed("acme", "m", down, policy, 2)
    assert health.at(fake_clock()) is Standing.RESTING
    assert health.at(fake_clock() + 30_000) is Standing.ONLINE


def test_rest_that_has_not_begun_is_over_but_not_for_a_clock_that_is_a_little_late() -> None:
    health = Health(standing=Standing.LIMITED, since_ms=1_000_000, until_ms=1_060_000)
    assert health.at(1_000_000 - 30_000) is Standing.LIMITED
    assert health.at(1_000_000 - 90_000) is Standing.ONLINE


def test_lease_of_who_is_dead_ends(ledger_redis: redis.Redis) -> None:
    lease = Lease(ScriptRunner(ledger_redis), "a:lease")
    lease.hold("dead", 10)
    ledger_redis.pexpire("a:lease", round(BACK_S * 1000))
    assert not lease.hold("b", 10)
    assert 0 < ledger_redis.pttl("a:lease") <= 10_000
