"""The catalog and the app tell the same: every route is an endpoint of it, and each is routed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from werkzeug.routing import Rule

from shared.dtos.catalog import CATALOG
from tests.support.factories import new_settings
from tests.support.gateway_client import Gateway, build

ROOT = Path(__file__).parents[3]


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return build(fake_redis, new_settings())


def _calls(methods: Any, path: str) -> set[tuple[str, str]]:
    return {(method, path) for method in set(methods) - {"HEAD", "OPTIONS"}}


def _declared() -> set[tuple[str, str]]:
    return {call for one in CATALOG for path in one.paths for call in _calls(one.methods, path)}


def test_routes_are_those_of_the_catalog(gateway: Gateway) -> None:
    rules: list[Rule] = list(gateway.client.application.url_map.iter_rules())
    routed = {call for rule in rules for call in _calls(rule.methods, rule.rule)}
    assert routed == _declared()


def test_no_two_endpoints_share_a_name_or_a_call() -> None:
    assert len({one.name for one in CATALOG}) == len(CATALOG)
    calls = [call for one in CATALOG for path in one.paths for call in _calls(one.methods, path)]
    assert len(calls) == len(set(calls))
