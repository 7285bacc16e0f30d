"""A key does what its scopes name, at every path of every endpoint, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
import redis

from shared.api_keys.scopes import Scope
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import DTO_PREFIXES, ONE_WAY_PREFIX, Endpoint
from tests.support.foreign.jobs import ADDRESS, CONTENT, issue, new_gateway
from tests.support.foreign.things import ask_for_all, make_things, told_to_owner
from tests.support.gateway_client import Gateway

#: What a key with one scope may do, in the words of the docs.
INCLUDED = {
    **{scope: {scope} for scope in Scope},
    Scope.ADMIN_KEYS: {Scope.ADMIN_KEYS, Scope.ADMIN_READ},
    Scope.ADMIN_PROVIDERS: {Scope.ADMIN_PROVIDERS, Scope.ADMIN_READ},
    Scope.ADMIN: {*Scope},
}


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def refused(gateway: Gateway, key: str, method: str, path: str) -> bool:
    path = re.sub("<[^>]+>", "1", path)
    headers = {"Authorization": f"Bearer {key}"}
    answer: Any = gateway.client.open(path, method=method, headers=headers, json=[{}])
    told = answer.status_code == 403 and (
        method == "HEAD" or "lacks the scope" in answer.get_data(as_text=True)
    )
    answer.close()
    return told


def calls(endpoint: Endpoint[Any]) -> list[tuple[str, str]]:
    """Return all ways to call it: also without a body, and as one of an array."""
    methods = [*endpoint.methods, *(["HEAD"] if "GET" in endpoint.methods else [])]
    ways = [(method, path) for method in methods for path in endpoint.paths]
    if endpoint.is_batchable:
        ways += [("POST", f"{at}/{endpoint.name}[]") for at in (*DTO_PREFIXES, ONE_WAY_PREFIX)]
    return ways


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
def test_key_of_one_scope_is_refused_whatever_another_one_names(
    gateway: Gateway, scope: Scope
) -> None:
    key = issue(gateway, [scope])
    foreign = [one for one in CATALOG if one.scopes and not INCLUDED[scope] & {*one.scopes}]
    assert len(foreign) > 20
    taken = [call for one in foreign for call in calls(one) if not refused(gateway, key, *call)]
    assert taken == []


@pytest.mark.parametrize("scope", [Scope.ADMIN_READ, Scope.ADMIN_KEYS, Scope.ADMIN_PROVIDERS])
def test_admin_of_one_scope_learns_nothing_of_what_jobs_say_and_changes_none(
    gateway: Gateway, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.providers.testing._PROBE_LIMIT_S", 0)
    things, before = make_things(gateway), told_to_owner(gateway)
    key = issue(gateway, [scope])
    told = [
        f"{asked.about}: {text[:300]}"
        for asked in ask_for_all(gateway, key, INCLUDED[scope], things)
        if CONTENT in (text := asked.told.get_data(as_text=True)) or ADDRESS in text
    ]
    assert told == []
    assert told_to_owner(gateway) == before
