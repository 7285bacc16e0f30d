"""The plan of the fault suite: seeded, with all kinds of faults, and quiet where it is needed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.acceptance.chaos.schedule import (
    COMPLETION,
    KINDS,
    REDIS,
    REDIS_FREEZE_S,
    Action,
    Fault,
    failing_over,
    kills,
    kind_of,
    plan,
)

SEEDS = range(20)
#: A tick reaps when Redis has answered it for so long; a worker may take so long to start (s).
QUIET_S, BOOT_S = 10.0, 3.0
#: Leases end between so many seconds after a kill.
LEASE_S = 30.0
RECOVERY_LIMIT_S = 40.0


def test_plan_is_the_same_for_the_same_seed() -> None:
    assert plan(7, 600) == plan(7, 600)
    assert plan(7, 600) != plan(8, 600)


@pytest.mark.parametrize("wild", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_minutes_have_20_kills_of_each_kind(seed: int, wild: bool) -> None:
    counts = kills(plan(seed, 600, wild=wild))
    assert all(counts[kind] >= 20 for kind in KINDS), counts


@pytest.mark.parametrize("seed", SEEDS)
def test_short_run_kills_each_kind_once(seed: int) -> None:
    faults = plan(seed, 20)
    assert kills(faults) == dict.fromkeys(KINDS, 1)
    assert all(0 <= fault.at_s <= 20 for fault in faults)


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_minutes_freeze_and_cut_everything(seed: int) -> None:
    faults = plan(seed, 600)
    frozen = {kind_of(fault.role) for fault in faults if fault.action is Action.FREEZE}
    assert {REDIS, "chat"} < frozen
    assert {f.role for f in faults if f.action is Action.DROP} == {"normal", "pubsub"}
    refusals = Counter(f.action for f in faults)
    assert min(refusals[Action.DEMOTE], refusals[Action.FILL]) >= 10
    long_s = [f.lasts_s for f in faults if f.role == REDIS and f.action is Action.FREEZE]
    assert long_s == [REDIS_FREEZE_S] * 3


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_minutes_have_ten_failovers_of_three_kinds(seed: int) -> None:
    faults = failing_over(seed, 600)
    made = Counter(fault.action for fault in faults if fault.role == REDIS)
    assert set(made) == {Action.FAIL_OVER, Action.DEMOTE, Action.FILL}
    assert made.total() >= 10
    assert min(made.values()) >= 3
    assert {kind_of(f.role) for f in faults} > {COMPLETION, "gateway", "callbacks", "chat"}
    masters = [fault.at_s for fault in faults if fault.role == REDIS]
    for fault in faults:
        if fault.action is Action.KILL and kind_of(fault.role) == "chat":
            over = fault.at_s + LEASE_S
            assert not any(over - QUIET_S < at_s < over for at_s in masters), fault


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_come_in_order_and_within_the_duration(seed: int) -> None:
    times = [fault.at_s for fault in plan(seed, 600)]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= 600


@pytest.mark.parametrize("seed", SEEDS)
def test_each_chat_kill_is_followed_by_a_quiet_moment_in_time(seed: int) -> None:
    """Between the end of the leases and the limit there is a time in which a tick may reap."""
    faults = plan(seed, 600)
    blind = [_blind(fault) for fault in faults if _hits_the_tick(fault)]
    for fault in faults:
        if fault.action is Action.KILL and kind_of(fault.role) == "chat":
            first = fault.at_s + LEASE_S
            moments = [first + step * 0.5 for step in range(int((RECOVERY_LIMIT_S - 34) * 2) + 1)]
            assert any(not any(a <= m <= b for a, b in blind) for m in moments), fault


@pytest.mark.parametrize("seed", SEEDS)
def test_worker_that_is_frozen_beyond_its_lease_comes_back(seed: int) -> None:
    faults = plan(seed, 600)
    long = [f for f in faults if kind_of(f.role) == "chat" and f.lasts_s > LEASE_S]
    assert len(long) == 5
    for freeze in long:
        end_s = freeze.at_s + freeze.lasts_s
        killed = [
            fault
            for fault in faults
            if fault.action is Action.KILL
            and fault.role == freeze.role
            and freeze.at_s <= fault.at_s <= end_s
        ]
        assert killed == []


def _hits_the_tick(fault: Fault) -> bool:
    return fault.role in {REDIS, COMPLETION} and (
        fault.action in {Action.KILL, Action.DEMOTE, Action.FILL} or fault.lasts_s >= REDIS_FREEZE_S
    )


def _blind(fault: Fault) -> tuple[float, float]:
    boot_s = BOOT_S if fault.role == COMPLETION else 0.5
    return fault.at_s, fault.at_s + fault.lasts_s + boot_s + QUIET_S
