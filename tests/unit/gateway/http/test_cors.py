"""Calls from pages of other origins, when the operator allows them."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pydantic import SecretStr, ValidationError

from shared.settings import Settings, SettingsError, load_settings
from tests.support.factories import new_settings
from tests.support.gateway_client import API_KEY, CHAT, Gateway, build

APP = "https://app.example.com"


def gateway(client: redis.Redis, *origins: str) -> Gateway:
    return build(client, new_settings(api_key=SecretStr(API_KEY), cors_origins=origins))


def preflight(gateway: Gateway, path: str = "/v1/responses", origin: str = APP) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-stainless-lang",
    }
    return gateway.client.options(path, headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/responses", "/v1/models/a/b", "/api/QueueOpenAiChatCompletion", "/v1/unknown"),
        *("/json/oneway/QueueOpenAiChatCompletion", "/uploads/pub", "/artifacts/2026/a.png"),
    ],
)
def test_preflight_is_answered_without_a_key(fake_redis: redis.Redis, path: str) -> None:
    answer = preflight(gateway(fake_redis, APP), path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,x-stainless-lang"
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_answers_and_errors_may_be_read_with_their_headers(fake_redis: redis.Redis) -> None:
    with_cors = gateway(fake_redis, APP)
    headers = {"Origin": APP}
    refused = with_cors.client.get("/v1/models", headers=headers)
    found = with_cors.client.get(
        "/v1/models", headers={**headers, "Authorization": f"Bearer {API_KEY}"}
    )
    assert (refused.status_code, found.status_code) == (401, 200)
    for answer in (refused, found):
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {
            "x-request-id",
            "x-job-id",
            "retry-after",
            "openai-processing-ms",
            "x-ratelimit-remaining-tokens",
        } <= set(exposed)


def test_other_origins_are_told_nothing(fake_redis: redis.Redis) -> None:
    answer = preflight(gateway(fake_redis, APP), origin="https://evil.example.com")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_star_allows_all(fake_redis: redis.Redis) -> None:
    answer = preflight(gateway(fake_redis, "*"), origin="http://127.0.0.1:3000")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_other_paths_are_left_alone(fake_redis: redis.Redis) -> None:
    answer = gateway(fake_redis, "*").client.get("/up", headers={"Origin": APP})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_it_is_off_by_default(fake_redis: redis.Redis) -> None:
    plain = gateway(fake_redis)
    answer = plain.client.post(
        "/v1/chat/completions", json=CHAT, headers={"Origin": APP, "Authorization": "Bearer x"}
    )
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert "Access-Control-Allow-Origin" not in preflight(plain).headers


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("*", ("*",)),
        (f"{APP}, http://127.0.0.1:3000/", (APP, "http://127.0.0.1:3000")),
        (f'["{APP}"]', (APP,)),
    ],
)
def test_setting_is_a_list_of_origins(
    monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("REPLYTO_CORS_ORIGINS", text)
    assert Settings().cors_origins == origins


@pytest.mark.parametrize("text", ["app.example.com", f"{APP}/path", "[1", '[["x"]]'])
def test_setting_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, text: str
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REPLYTO_CORS_ORIGINS", text)
    with pytest.raises(ValidationError):
        Settings()
    with pytest.raises(SettingsError, match="REPLYTO_CORS_ORIGINS: "):
        load_settings()
