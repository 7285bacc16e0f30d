"""Which models are listed for what: by what is declared, else by their names."""

from __future__ import annotations

import pytest
import redis

from shared.providers.provider import Provider
from tests.support.factories import new_settings
from tests.support.gateway_client import API_KEY, Gateway, build

_MODELS = ["gpt-4o", "gpt-4o-audio-preview", "dall-e-3", "gpt-4o-mini-tts", "whisper-1", "draws"]
_MODELS += ["text-embedding-3-small", "omni-moderation-latest", "llama3.1:8b", "tts-that-chats"]


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    declared = {"draws": ["image"], "tts-that-chats": ["chat", "speech"]}
    about = {"base_url": "http://127.0.0.1:1/v1", "models": _MODELS, "model_operations": declared}
    comfy = {"name": "c", "type": "comfyui", "base_url": "http://127.0.0.1:1", "models": ["sdxl"]}
    providers = [{"name": "p", **about}, comfy]
    return build(
        fake_redis,
        new_settings(api_key=API_KEY),
        [Provider.model_validate(one) for one in providers],
    )


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("chat", {"gpt-4o", "gpt-4o-audio-preview", "llama3.1:8b", "tts-that-chats"}),
        ("image", {"dall-e-3", "draws", "sdxl"}),
        ("speech", {"gpt-4o-mini-tts", "tts-that-chats"}),
        ("transcription", {"whisper-1"}),
    ],
)
def test_models_for_an_operation(gateway: Gateway, operation: str, names: set[str]) -> None:
    told = gateway.get(f"/v1/models?operation={operation}").json["data"]
    assert {one["id"] for one in told} == names


def test_all_are_listed_unless_that_is_asked(gateway: Gateway) -> None:
    assert {one["id"] for one in gateway.get("/v1/models").json["data"]} == {*_MODELS, "sdxl"}


def test_operation_that_is_none_is_refused(gateway: Gateway) -> None:
    refused = gateway.get("/v1/models?operation=juggle")
    assert refused.status_code == 400
    assert refused.json["error"]["param"] == "operation"
