"""Which of an Ollama server's models a caller is shown, and with which key the server is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from gateway.inference.ollama_models import list_models
from shared.api_keys.principal import Principal
from shared.errors import ProviderUnavailable
from shared.providers.provider import Provider
from shared.security.sealing import Sealer, new_encryption_key
from tests.acceptance.llms.fake_ollama import FakeOllama
from tests.support.factories import new_settings
from tests.support.gateway_client import Gateway, build
from tests.support.rude_receivers import RudeReceiver, once

KEY = new_encryption_key()


@pytest.fixture(scope="module")
def ollama() -> Iterator[FakeOllama]:
    ollama = FakeOllama(["llama3.1:8b", "secret:1b", "pulled:1b"])
    ollama.start()
    yield ollama
    ollama.stop()


def _gateway(client: redis.Redis, ollama: FakeOllama, sealed_with: str = KEY) -> Gateway:
    provider = Provider.model_validate(
        {
            "name": "ollama",
            "type": "ollama",
            "base_url": ollama.url,
            "models": {"llama": "llama3.1:8b", "private": "secret:1b"},
            "sealed_key": Sealer(sealed_with).seal("sk-sealed"),
        }
    )
    return build(client, new_settings(encryption_key=KEY), [provider])


@pytest.mark.parametrize(
    ("allowed", "shown"),
    [
        pytest.param((), ["llama3.1:8b", "secret:1b", "pulled:1b"], id="all of a key for all"),
        pytest.param(("llama*",), ["llama3.1:8b"], id="by the public name"),
        pytest.param(("secret*",), [], id="not by the own name of one that has a public name"),
    ],
)
def test_caller_is_shown_the_models_that_its_key_may_use(
    fake_redis: redis.Redis, ollama: FakeOllama, allowed: tuple[str, ...], shown: list[str]
) -> None:
    gateway = _gateway(fake_redis, ollama)
    found = list_models(gateway.services, Principal("me", models=allowed), None)
    assert [model["name"] for model in found] == shown


def test_server_is_asked_with_the_key_that_was_given_over_the_api(
    fake_redis: redis.Redis, ollama: FakeOllama
) -> None:
    list_models(_gateway(fake_redis, ollama).services, Principal("me"), "ollama")
    assert ollama.authorizations[-1] == "Bearer sk-sealed"


def test_server_whose_key_cannot_be_opened_is_not_asked(
    fake_redis: redis.Redis, ollama: FakeOllama
) -> None:
    asked = len(ollama.authorizations)
    gateway = _gateway(fake_redis, ollama, new_encryption_key())
    with pytest.raises(ProviderUnavailable):
        list_models(gateway.services, Principal("me"), None)
    assert len(ollama.authorizations) == asked


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"[]", b"5", b'{"models": 5}', b'{"models": {}}', b"\xff", b"", b"NaN"],
)
def test_list_that_is_none_is_told_as_that(fake_redis: redis.Redis, body: bytes) -> None:
    server = RudeReceiver(once(b"HTTP/1.1 200 OK\r\n\r\n" + body))
    provider = Provider.model_validate(
        {"name": "o", "type": "ollama", "base_url": server.url, "models": ["m"]}
    )
    gateway = build(fake_redis, new_settings(encryption_key=KEY), [provider])
    with pytest.raises(ProviderUnavailable):
        list_models(gateway.services, Principal("me"), None)
    server.stop()
