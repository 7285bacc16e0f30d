"""Leases: one holder at a time, also when one runs out while its holder renews it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner

KEY = "a:lease"


class Meddled:
    """A connection where something else happens right before one of its commands."""

    def __init__(self, client: redis.Redis, at: int, meddle: Callable[[], None]) -> None:
        self._client = client
        self._commands_left = at
        self._meddle = meddle

    def __getattr__(self, name: str) -> Any:
        command = getattr(self._client, name)

        def run(*args: Any, **options: Any) -> Any:
            if self._commands_left == 0:
                self._meddle()
            self._commands_left -= 1
            return command(*args, **options)

        return run


@pytest.fixture
def lease(ledger_redis: redis.Redis) -> Lease:
    return Lease(ScriptRunner(ledger_redis), KEY)


def run_out(client: redis.Redis) -> None:
    client.pexpire(KEY, 0)


def test_hold_lets_one_in_until_its_lease_runs_out(lease: Lease, ledger_redis: redis.Redis) -> None:
    assert lease.hold("a", 10)
    assert not lease.hold("b", 10)

    run_out(ledger_redis)
    assert lease.hold("b", 10)
    assert not lease.hold("a", 10)


def test_hold_renews_for_the_holder_alone(lease: Lease, ledger_redis: redis.Redis) -> None:
    lease.hold("a", 10)
    assert 0 < ledger_redis.pttl(KEY) <= 10_000

    assert not lease.hold("b", 60)
    assert ledger_redis.pttl(KEY) <= 10_000
    assert lease.hold("a", 60)
    assert 10_000 < ledger_redis.pttl(KEY) <= 60_000


@pytest.mark.parametrize("at", range(4))
def test_hold_has_one_holder_when_the_lease_runs_out_and_is_taken_before_one_of_its_commands(
    lease: Lease, ledger_redis: redis.Redis, at: int
) -> None:
    taken_by_b: list[bool] = []

    def let_b_take_it() -> None:
        run_out(ledger_redis)
        taken_by_b.append(lease.hold("b", 10))

    lease.hold("a", 10)
    meddled: Any = Meddled(ledger_redis, at, let_b_take_it)
    renewed = Lease(ScriptRunner(meddled), KEY).hold("a", 10)

    assert renewed is not any(taken_by_b)
    assert ledger_redis.get(KEY) == (b"a" if renewed else b"b")


def test_give_back_lets_the_next_one_in(lease: Lease) -> None:
    lease.hold("a", 10)
    assert lease.give_back("a")
    assert lease.hold("b", 10)


def test_give_back_leaves_the_lease_of_somebody_else(
    lease: Lease, ledger_redis: redis.Redis
) -> None:
    lease.hold("a", 10)
    run_out(ledger_redis)
    lease.hold("b", 10)

    assert not lease.give_back("a")
    assert ledger_redis.get(KEY) == b"b"
