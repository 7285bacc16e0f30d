"""A world with groups of at most five jobs."""

from __future__ import annotations

import pytest
import redis

from shared.settings import Settings
from tests.support.factories import FakeClock, new_settings
from tests.unit.workers.groups.world import World


@pytest.fixture
def settings() -> Settings:
    return new_settings(group_limit=5, group_idle_s=60, result_ttl_s=600)


@pytest.fixture
def world(ledger_redis: redis.Redis, settings: Settings, fake_clock: FakeClock) -> World:
    return World(ledger_redis, settings, fake_clock)
