"""Probes that fail in a way that nobody has foreseen."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
import redis

from shared.providers.health import Standing
from shared.providers.health_store import Failed, RestPolicy
from shared.providers.probe_requests import ProbeRequest, request_probe
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock
from tests.support.worker_deps import FakeLlm, build
from workers.maintenance import probes
from workers.maintenance.probes import probe_providers

POLICY = RestPolicy(failures=1, first_s=1, longest_s=1)


def test_it_is_told_of_its_provider_and_tried_again_with_a_pause(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deps = build(fake_redis, settings, fake_clock, FakeLlm())
    gone = Failed(Standing.OFFLINE, "no connection", at_once=True)
    deps.health_store.failed("best", "", gone, POLICY, 1)
    fake_clock.advance(60)
    fake_redis.rpush(keys.PROBE_REQUESTS, "{", "[]", '{"of": "a newer version"}')
    request_probe(fake_redis, ProbeRequest("best"))
    wrong = Mock(side_effect=KeyError("x"))
    monkeypatch.setattr(probes, "answered", wrong)
    for _ in range(3):
        deps.health_store.refresh(deps.health)
        probe_providers(deps.probes)
    # Once for who asked, and once because it was due.
    assert wrong.call_count == 2
    deps.health_store.refresh(deps.health)
    assert deps.health.of("best").reason == "its probe failed: KeyError"
    assert b"its probe failed: KeyError" in (fake_redis.hget(keys.PROBED, "best") or b"")
