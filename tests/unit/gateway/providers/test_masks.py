"""What is shown in the place of a secret never takes the secret's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from shared.security.masked_url import has_mask, is_masked_key, masked_url
from shared.security.sealing import new_encryption_key
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build

REAL = "http://user:pa55@10.0.0.7:2/v1"
NEW = {"name": "new", "apiBaseUrl": REAL, "selectedModels": ["x"], "apiKey": "sk-real"}


@pytest.fixture
def gateway(fake_redis: redis.Redis, tmp_path: Path) -> Gateway:
    secrets = {"api_key": API_KEY, "auth_secret": ADMIN_SECRET}
    file, key = tmp_path / "providers.toml", new_encryption_key()
    settings = new_settings(**secrets, encryption_key=key, providers_file=file)
    return build(fake_redis, settings)


def _create(gateway: Gateway, **fields: Any) -> Any:
    return gateway.post("/api/CreateAiProvider", {**NEW, **fields}, key=ADMIN_SECRET)


def _update(gateway: Gateway, **fields: Any) -> Any:
    return gateway.post("/api/UpdateAiProvider", {"name": "new", **fields}, key=ADMIN_SECRET)


def _base_url(gateway: Gateway) -> str:
    entry = gateway.services.providers.follower.store.read()[1].entry("new")
    assert entry is not None
    return str(entry.provider.base_url)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("apiBaseUrl", "http://***@10.0.0.8:2/v1"),
        ("apiBaseUrl", "http://user:****@10.0.0.7:2/v1"),
        ("apiBaseUrl", "http://10.0.0.7:2/v1?api-key=***"),
        ("heartbeatUrl", "http://***@10.0.0.7:2/health"),
        ("proxy", "http://***@10.0.0.9:3128"),
        ("apiKey", "sk-a****"),
        ("apiKey", "••••••••"),
        ("apiKey", "[redacted]"),
    ],
)
def test_masks_that_come_back_are_refused_and_change_nothing(
    gateway: Gateway, field: str, value: str
) -> None:
    assert _create(gateway).status_code == 200
    answer = _update(gateway, **{field: value})
    assert (answer.status_code, answer.json["error"]["param"]) == (400, field)
    assert "Leave" in answer.json["error"]["message"]
    assert _base_url(gateway) == REAL
    gateway.post("/api/DeleteAiProvider", {"name": "new"}, key=ADMIN_SECRET)
    assert _create(gateway, **{field: value}).status_code == 400


def test_url_that_comes_back_as_it_was_shown_changes_nothing(gateway: Gateway) -> None:
    assert _create(gateway).status_code == 200
    assert _update(gateway, apiBaseUrl=masked_url(REAL), priority=3).status_code == 200
    assert _base_url(gateway) == REAL


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://%2A%2A%2A@host/v1", True),
        ("https://host/v1/***", False),
        ("https://a*b:c**d@host/v1", False),
        ("https://host/v1?q=**", False),
    ],
)
def test_mask_is_known_where_secrets_are(url: str, masked: bool) -> None:
    assert has_mask(url) is masked


@pytest.mark.parametrize("key", ["sk-proj-a*b", "abc•def", "redacted"])
def test_keys_that_look_odd_are_taken(key: str) -> None:
    assert not is_masked_key(key)
