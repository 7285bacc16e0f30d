"""Samples share a worker's slots by owner, as callbacks do."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import redis
from pydantic import SecretStr

from tests.support.factories import FakeClock, new_settings
from tests.support.worker_deps import Deps, FakeLlm, build
from tests.unit.workers.callbacks.test_run import SECRET, Receiver
from workers.callbacks.sample import send_sample
from workers.callbacks.slots import Slots

URL = "https://hook.example/x"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def deps(fake_redis: redis.Redis, fake_clock: FakeClock, receiver: Receiver) -> Deps:
    return build(
        fake_redis,
        new_settings(callback_secret=SecretStr(SECRET)),
        fake_clock,
        FakeLlm(),
        sender=receiver,
    )


def _hanging(slots: Slots, owner: str) -> ExitStack:
    """Return the slots of all attempts that an owner may have at receivers that hang."""
    held = ExitStack()
    while True:
        slot = held.enter_context(slots.take())
        if owner in slot.full_owners:
            slot.is_proven()
            return held
        slot.belongs_to(owner)


def _sent(deps: Deps, owner: str) -> None:
    test_id, _ = deps.callbacks.tests.request(owner, URL, "m")
    send_sample(deps.callbacks, test_id)
    return test_id


def test_samples_of_one_who_has_all_it_may_have_take_no_slot_of_others(
    deps: Deps, receiver: Receiver
) -> None:
    with _hanging(deps.callbacks.slots, "hangs"):
        free = deps.callbacks.slots.shares.free
        _sent(deps, "hangs")
        assert receiver.posts == []
        _sent(deps, "another")
        assert len(receiver.posts) == 1
        assert deps.callbacks.slots.shares.free == free


def test_a_sample_under_way_counts_as_its_owners(deps: Deps, receiver: Receiver) -> None:
    taken = []
    receiver.meanwhile = lambda: taken.append(dict(deps.callbacks.slots.shares._taken))
    _sent(deps, "one")
    assert taken == [{"one": 1}]
