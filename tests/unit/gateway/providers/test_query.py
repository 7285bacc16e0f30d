"""Lists of providers, models and the like: pages of them, their order, some of their fields."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build

NEW = {"name": "new", "apiBaseUrl": "http://127.0.0.1:2/v1", "selectedModels": ["x"]}


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    gateway = build(fake_redis, new_settings(api_key=API_KEY, auth_secret=ADMIN_SECRET))
    gateway.services.providers.follower.look()
    return gateway


def _admin(gateway: Gateway, dto: str, **fields: Any) -> Any:
    return gateway.post(f"/api/{dto}", fields, key=ADMIN_SECRET)


def test_query_pages_orders_and_picks_fields(gateway: Gateway) -> None:
    for n in range(3):
        _admin(gateway, "CreateAiProvider", **{**NEW, "name": f"p{n}", "priority": n})
    page = gateway.get(
        "/api/QueryAiProviders?orderByDesc=Priority&skip=1&take=2&fields=name,priority",
        key=ADMIN_SECRET,
    ).json
    assert (page["offset"], page["total"]) == (1, 4)
    assert page["results"] == [{"name": "p1", "priority": 1}, {"name": "acme", "priority": 0}]
    assert gateway.get("/api/QueryAiProviders?orderBy=nope", key=ADMIN_SECRET).status_code == 400
    assert gateway.get("/api/QueryAiProviders?take=1001", key=ADMIN_SECRET).status_code == 400


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("QueryAiProviders", "apiBaseUrl"),
        ("QueryAiModels", "id"),
        ("QueryAiTypes", "provider"),
        ("QueryMediaProviders", "enabled"),
        ("QueryMediaModels", "id"),
        ("QueryMediaTypes", "id"),
        ("QueryTextToSpeechVoices", "model"),
    ],
)
@pytest.mark.parametrize("where", ["fields", "orderBy"])
def test_field_that_a_list_does_not_have_is_named_beside_those_that_it_has(
    gateway: Gateway, query: str, known: str, where: str
) -> None:
    answer = gateway.get(f"/api/{query}?{where}=id,Nope", key=ADMIN_SECRET)
    assert answer.status_code == 400
    (error,) = answer.json["responseStatus"]["errors"]
    assert error["fieldName"] == where
    assert "there is no field 'Nope'; there are " in error["message"]
    assert known in error["message"].replace(",", "").rstrip(".").split()
    assert gateway.get(f"/api/{query}?fields=,&skip=0", key=ADMIN_SECRET).status_code == 200


def test_fields_that_no_row_has_now_are_known_all_the_same(gateway: Gateway) -> None:
    for asked in ("fields=name,offlineReason", "orderBy=offlineReason"):
        answer = gateway.get(f"/api/QueryAiProviders?{asked}", key=ADMIN_SECRET)
        assert answer.status_code == 200
        assert answer.json["results"][0]["name"] == "acme"


def test_first_field_of_an_order_decides(gateway: Gateway) -> None:
    for name, priority in (("b", 1), ("a", 1), ("c", 2)):
        _admin(gateway, "CreateAiProvider", **{**NEW, "name": name, "priority": priority})
    rows = gateway.get("/api/QueryAiProviders?orderBy=-priority,name", key=ADMIN_SECRET).json
    assert [row["name"] for row in rows["results"]] == ["c", "a", "b", "acme"]
