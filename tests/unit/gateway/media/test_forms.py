"""Forms with files say what they say as JSON does: what is no number, flag or model is named."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from tests.support.factories import new_settings
from tests.support.gateway_client import API_KEY, Gateway, build

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def gateway(fake_redis: redis.Redis, tmp_path: Path) -> Gateway:
    settings = new_settings(
        api_key=SecretStr(API_KEY), artifacts=str(tmp_path / "files"), storage_free_bytes=0
    )
    return build(fake_redis, settings)


def send(gateway: Gateway, path: str, field: str, **fields: str) -> Any:
    form = {**fields, field: (io.BytesIO(PNG), "a.png")}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return gateway.client.post(path, data=form, content_type="multipart/form-data", headers=headers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stream", "maybe"),
        ("stream", "tru"),
        ("stream", "2"),
        ("temperature", "warm"),
        ("temperature", "nan"),
        ("temperature", "1,5"),
        ("temperature", "٣"),
    ],
)
def test_what_is_no_flag_or_number_in_a_form_is_named(
    gateway: Gateway, name: str, value: str
) -> None:
    path = "/v1/audio/transcriptions"
    answer = send(gateway, path, "file", **{"model": "m", name: value})
    assert (answer.status_code, answer.json["error"]["param"]) == (400, name)
    assert gateway.services.artifacts.list("bootstrap") == []


@pytest.mark.parametrize(
    ("name", "value"), [("output_compression", "high"), ("partial_images", "1.5"), ("n", "x")]
)
def test_numbers_of_pictures_are_looked_at(gateway: Gateway, name: str, value: str) -> None:
    fields = {"model": "m", "prompt": "p", name: value}
    answer = send(gateway, "/v1/images/edits", "image", **fields)
    assert (answer.status_code, answer.json["error"]["param"]) == (400, name)


@pytest.mark.parametrize("dto", ["QueueImageUpscale", "QueueImageToImage", "QueueImageToText"])
def test_model_that_is_mistyped_is_named_with_those_there_are(gateway: Gateway, dto: str) -> None:
    fields = {"model": "upscale-4xx", "positivePrompt": "p"}
    answer = send(gateway, f"/api/{dto}", "image", **fields)
    assert (answer.status_code, answer.json["error"]["param"]) == (404, "model")
    if dto == "QueueImageUpscale":
        assert "'upscale-4xx' does not exist" in answer.json["error"]["message"]
        assert "replyto-media" in answer.json["error"]["message"]


@pytest.mark.parametrize("model", ["", "image-upscale-2x", "replyto-media"])
def test_picture_is_enlarged_by_our_engine_where_no_other_is_named(
    gateway: Gateway, model: str
) -> None:
    answer = send(gateway, "/api/QueueImageUpscale", "image", model=model)
    assert answer.status_code == 200, answer.data
