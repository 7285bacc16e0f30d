"""Whose key may name which variable, and where secrets may be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from gateway.app import create_app
from shared.providers.credentials import key_of
from shared.providers.provider import Provider
from shared.security.sealing import new_encryption_key
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build

KEY = new_encryption_key()
FILE = """
[[provider]]
name = "filed"
base_url = "https://llm.example.com/v1"
api_key_env = "FILED_KEY"
models = ["f"]
headers = {"x-team" = "env:TEAM_TOKEN"}

[[provider]]
name = "inside"
base_url = "http://llm.lan/v1"
api_key_env = "INSIDE_KEY"
models = ["i"]
proxy = "http://10.1.0.1:3128"
"""
NEW = {"name": "new", "apiBaseUrl": "http://10.0.0.7:2/v1", "selectedModels": ["x"]}


def gateway_with(client: redis.Redis, folder: Path, **fields: Any) -> Gateway:
    file = folder / "providers.toml"
    file.write_text(FILE)
    secrets = {"api_key": API_KEY, "auth_secret": ADMIN_SECRET, "encryption_key": KEY}
    built = build(client, new_settings(**{**secrets, "providers_file": file, **fields}))
    built.services.providers.follower.look()
    return built


@pytest.fixture
def gateway(fake_redis: redis.Redis, tmp_path: Path) -> Gateway:
    return gateway_with(fake_redis, tmp_path)


def ops(gateway: Gateway) -> str:
    """Issue a key that may change providers and nothing else."""
    wanted = {"name": "ops", "scopes": ["admin:providers"]}
    return str(gateway.post("/api/CreateApiKey", wanted, key=ADMIN_SECRET).json["key"])


def create(gateway: Gateway, key: str = ADMIN_SECRET, **fields: Any) -> Any:
    return gateway.post("/api/CreateAiProvider", {**NEW, **fields}, key=key)


def update(gateway: Gateway, key: str, **fields: Any) -> Any:
    return gateway.post("/api/UpdateAiProvider", {"name": "new", **fields}, key=key)


def refusal(answer: Any) -> tuple[int, str]:
    assert "response" not in answer.json, answer.json
    return answer.status_code, str(answer.json["error"]["param"])


@pytest.mark.parametrize(
    "name",
    ["REPLYTO_AUTH_SECRET", "REPLYTO_REDIS_URL", "replyto_api_key", "PATH", "DATABASE_PASSWORD"],
)
@pytest.mark.parametrize("caller", ["admin", "ops"])
def test_variable_that_is_no_providers_key_is_refused(
    gateway: Gateway, name: str, caller: str
) -> None:
    key = ADMIN_SECRET if caller == "admin" else ops(gateway)
    assert refusal(create(gateway, key, apiKeyVar=name)) == (400, "apiKeyVar")
    assert create(gateway, key).status_code == 200
    assert refusal(update(gateway, key, apiKeyVar=name)) == (400, "apiKeyVar")


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "FILED_KEY", "TEAM_TOKEN"])
def test_admin_may_name_the_variables_of_presets_and_of_the_file(
    gateway: Gateway, name: str
) -> None:
    assert create(gateway, apiKeyVar=name).status_code == 200


@pytest.mark.parametrize(
    ("name", "url", "status"),
    [
        ("OPENAI_API_KEY", "https://api.openai.com/v1", 200),
        ("OPENAI_API_KEY", "https://api.openai.com.evil.example/v1", 400),
        ("OPENAI_API_KEY", "http://api.openai.com/v1", 400),
        ("OPENAI_API_KEY", "http://10.0.0.7:2/v1", 400),
        ("FILED_KEY", "https://llm.example.com/other", 200),
        ("FILED_KEY", "https://evil.example.com/v1", 400),
        ("AZURE_OPENAI_API_KEY", "https://us.openai.azure.com/openai/v1", 200),
        ("AZURE_OPENAI_API_KEY", "https://openai.azure.com.evil.example/v1", 400),
    ],
)
def test_scope_for_providers_sends_a_variables_key_only_to_its_own_service(
    gateway: Gateway, name: str, url: str, status: int
) -> None:
    answer = create(gateway, ops(gateway), apiKeyVar=name, apiBaseUrl=url)
    assert answer.status_code == status, answer.json


def test_listed_variable_goes_wherever_it_is_sent_and_no_other(
    fake_redis: redis.Redis, tmp_path: Path
) -> None:
    gateway = gateway_with(fake_redis, tmp_path, provider_key_vars=("OUR_LLM_KEY",))
    key = ops(gateway)
    assert create(gateway, key, apiKeyVar="OUR_LLM_KEY").status_code == 200
    answer = create(gateway, key, name="b", apiKeyVar="OPENAI_API_KEY")
    assert refusal(answer) == (400, "apiKeyVar")


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("apiBaseUrl", "http://10.0.0.8:2/v1", "apiBaseUrl"),
        ("heartbeatUrl", "http://10.0.0.8:2/v1", "heartbeatUrl"),
        ("proxy", "http://10.0.0.8:3128", "proxy"),
    ],
)
def test_sealed_key_is_not_sent_elsewhere_by_who_has_not_given_it(
    gateway: Gateway, field: str, value: str, named: str
) -> None:
    key = ops(gateway)
    assert create(gateway, apiKey="sk-of-somebody").status_code == 200
    assert refusal(update(gateway, key, **{field: value})) == (400, named)
    assert update(gateway, key, concurrency=3).status_code == 200
    assert update(gateway, key, apiBaseUrl="http://10.0.0.7:2/v2").status_code == 200
    assert update(gateway, key, **{field: value}, apiKey="sk-of-my-own").status_code == 200
    assert update(gateway, ADMIN_SECRET, apiBaseUrl="http://10.0.0.9/v1").status_code == 200


@pytest.mark.parametrize(
    ("name", "fields", "refused"),
    [
        ("INSIDE_KEY", {"proxy": "http://10.0.0.8:3128"}, "proxy"),
        ("INSIDE_KEY", {"proxy": "direct"}, ""),
        ("INSIDE_KEY", {"proxy": "http://10.1.0.1:3128"}, ""),
        ("FILED_KEY", {"proxy": "http://10.0.0.8:3128"}, ""),
        ("FILED_KEY", {"caFile": "any.pem"}, "caFile"),
        ("FILED_KEY", {"caFile": "any.pem", "proxy": "http://10.0.0.8:3128"}, "caFile"),
    ],
)
def test_key_in_a_variable_is_shown_to_nobody_on_its_way(
    fake_redis: redis.Redis, tmp_path: Path, name: str, fields: dict[str, str], refused: str
) -> None:
    gateway = gateway_with(fake_redis, tmp_path, certificates_dir=tmp_path)
    url = "http://llm.lan/v1" if name == "INSIDE_KEY" else "https://llm.example.com/v1"
    answer = create(gateway, ops(gateway), apiKeyVar=name, apiBaseUrl=url, **fields)
    assert answer.status_code == (400 if refused else 200), answer.json
    assert not refused or refusal(answer) == (400, refused)
    assert create(gateway, name="n", apiKeyVar=name, apiBaseUrl=url, **fields).status_code == 200


def test_way_that_an_admin_has_chosen_stays_as_it_is(gateway: Gateway) -> None:
    wanted = {"apiKeyVar": "INSIDE_KEY", "apiBaseUrl": "http://llm.lan/v1"}
    assert create(gateway, **wanted, proxy="http://10.0.0.8:3128").status_code == 200
    moved = {"heartbeatUrl": "http://llm.lan/health", "apiBaseUrl": "http://llm.lan/v2"}
    assert update(gateway, ops(gateway), **moved).status_code == 200
    answer = update(gateway, ops(gateway), proxy="http://10.0.0.9:3128")
    assert refusal(answer) == (400, "proxy")


def test_key_in_a_variable_is_not_sent_elsewhere_by_a_change_of_the_url(gateway: Gateway) -> None:
    assert create(gateway, apiKeyVar="OPENAI_API_KEY").status_code == 200
    answer = update(gateway, ops(gateway), apiBaseUrl="https://evil.example.com/v1")
    assert refusal(answer) == (400, "apiBaseUrl")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "0xa9fea9fe",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[64:ff9b:1:a9fe:a9:fe00::]",
        "[64:ff9b:1:a9fe:a9:fe00:808:808]",
        "[2002:a9fe:a9fe::1]",
        "[::169.254.169.254]",
        "[::ffff:0:169.254.169.254]",
        "metadata.google.internal",
    ],
)
@pytest.mark.parametrize("field", ["apiBaseUrl", "heartbeatUrl", "metricsUrl", "proxy"])
def test_provider_is_not_where_clouds_tell_their_secrets(
    gateway: Gateway, host: str, field: str
) -> None:
    path = "" if field == "proxy" else "/v1"
    answer = create(gateway, **{field: f"http://{host}{path}"})
    assert refusal(answer) == (400, field)


def test_private_networks_may_be_forbidden_but_for_those_exempt(
    fake_redis: redis.Redis, tmp_path: Path
) -> None:
    forbidden = {"provider_allow_private": False, "provider_allow": "10.1.0.0/16, llm.internal"}
    gateway = gateway_with(fake_redis, tmp_path, **forbidden)
    for url in ("http://10.0.0.7/v1", "http://localhost/v1", "http://[::1]/v1", "http://db.lan/"):
        assert refusal(create(gateway, apiBaseUrl=url)) == (400, "apiBaseUrl")
    allowed = ("http://10.1.0.7/v1", "http://llm.internal/v1", "https://llm.example.com/v1")
    for n, url in enumerate(allowed):
        answer = create(gateway, name=f"p{n}", apiBaseUrl=url)
        assert answer.status_code == 200, answer.json


def test_proxy_is_not_where_private_networks_are_forbidden(
    fake_redis: redis.Redis, tmp_path: Path
) -> None:
    allowed = "10.1.0.0/16, proxy.example.com"
    gateway = gateway_with(
        fake_redis, tmp_path, provider_allow_private=False, provider_allow=allowed
    )
    url = "https://llm.example.com/v1"
    # Nobody judges where a proxy's name leads when it is dialled.
    for host in ("10.0.0.7", "localhost", "other.example.com", "proxy.example.com.evil.example"):
        answer = create(gateway, apiBaseUrl=url, proxy=f"http://{host}:3128")
        assert refusal(answer) == (400, "proxy"), host
    for n, host in enumerate(("10.1.0.7", "proxy.example.com", "93.184.216.34")):
        answer = create(gateway, name=f"p{n}", apiBaseUrl=url, proxy=f"http://{host}:3128")
        assert answer.status_code == 200, answer.json


def test_our_own_variables_are_nobodys_key_whatever_the_registry_says() -> None:
    fields = {"name": "old", "base_url": "http://a.example/v1", "models": ["m"]}
    old = Provider.model_validate({**fields, "api_key_env": "REPLYTO_AUTH_SECRET"})
    assert key_of(old, {"REPLYTO_AUTH_SECRET": "secret"}, KEY) is None


@pytest.mark.parametrize("scopes", [["admin"], ["admin:providers"], ["chat", "admin"]])
def test_scope_for_keys_gives_no_scope_that_its_holder_lacks(
    gateway: Gateway, scopes: list[str]
) -> None:
    wanted = {"name": "hr", "scopes": ["admin:keys"]}
    hr = gateway.post("/api/CreateApiKey", wanted, key=ADMIN_SECRET).json
    strong = {"name": "strong", "scopes": scopes}
    theirs = gateway.post("/api/CreateApiKey", strong, key=ADMIN_SECRET).json["id"]
    assert gateway.post("/api/CreateApiKey", strong, key=hr["key"]).status_code == 403
    own = {"id": hr["id"], "scopes": scopes}
    assert gateway.post("/api/UpdateApiKey", own, key=hr["key"]).status_code == 403
    for change in ("RotateApiKey", "RevokeApiKey", "UpdateApiKey"):
        answer = gateway.post(f"/api/{change}", {"id": theirs, "notes": "x"}, key=hr["key"])
        assert answer.status_code == 403, change


def test_app_has_what_is_tested(gateway: Gateway) -> None:
    assert create_app(gateway.services) is not None
