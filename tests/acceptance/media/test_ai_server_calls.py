"""AI Server's calls for providers of media, and its own API for changes of files."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack
from tests.support.drawing import png
from tests.support.servers.comfyui import FakeComfyUi


@pytest.fixture
def admin(stack: Stack) -> Iterator[Api]:
    secret = (stack.directory / "auth_secret").read_text("utf-8").strip()
    with stack.api(secret) as api:
        yield api


def test_providers_of_media_are_added_changed_listed_and_taken_away(admin: Api) -> None:
    name = f"comfy-{uuid.uuid4().hex[:8]}"
    asked = {
        "name": name,
        "mediaTypeId": "ComfyUI",
        "apiBaseUrl": "http://127.0.0.1:9",
        "models": ["sdxl-test"],
        "priority": -9,
        "enabled": False,
    }
    made = admin.post("/api/CreateMediaProvider", json=asked)
    assert made.status_code == 200, made.text
    [shown] = admin.get("/api/QueryMediaProviders", params={"name": name}).json()["results"]
    assert (shown["mediaTypeId"], shown["models"]) == ("comfyui", ["sdxl-test"])
    assert shown["operations"] == {"sdxl-test": ["image", "image_edit", "image_upscale"]}
    change = {"id": made.json()["id"], "concurrency": 2}
    assert admin.post("/api/UpdateMediaProvider", json=change).status_code == 200
    page = admin.get("/api/QueryMediaProviders", params={"orderByDesc": "priority", "take": 1})
    assert page.json()["total"] >= 2
    probed = admin.post("/api/CheckMediaProviderStatus", json={"provider": name}).json()
    assert probed["result"] is False
    assert admin.post("/api/DeleteMediaProvider", json={"name": name}).status_code == 200
    assert admin.get("/api/QueryMediaProviders", params={"name": name}).json()["total"] == 0


def test_what_a_type_cannot_do_is_refused(admin: Api) -> None:
    asked = {"name": "x", "mediaTypeId": "local", "models": ["gpt-4"]}
    refused = admin.post("/api/CreateMediaProvider", json=asked)
    assert refused.status_code == 400
    assert "type 'local' has hibari, espeak-ng" in refused.json()["responseStatus"]["message"]


def test_only_admins_see_and_change_providers_of_media(api: Api) -> None:
    for name in ("QueryMediaProviders", "CreateMediaProvider", "DeleteMediaProvider"):
        assert api.post(f"/api/{name}", json={"name": "x", "mediaTypeId": "x"}).status_code == 403


def wav() -> bytes:
    head = b"RIFF" + (36 + 32_000).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"\x01\0\x01\0" + (8000).to_bytes(4, "little") + (16_000).to_bytes(4, "little")
    return head + form + b"\x02\0\x10\0data" + (32_000).to_bytes(4, "little") + bytes(32_000)


def created(api: Api, args: dict[str, Any], **files: tuple[str, bytes]) -> bytes:
    made = api.post("/api/CreateMediaTransform", data={"request": json.dumps(args)}, files=files)
    assert made.status_code == 200, made.text
    assert api.until_ended(made.json()["id"])["jobState"] == "Completed"
    told = api.get("/api/GetArtifactGenerationStatus", params={"jobId": made.json()["id"]}).json()
    return requests.get(told["results"][0]["url"], timeout=10).content


def test_one_call_does_what_its_arguments_say(api: Api) -> None:
    photo = ("a.png", png(size=(40, 30)))
    scaled = created(api, {"taskType": "ImageScale", "scaleWidth": 80}, image=photo)
    assert Image.open(io.BytesIO(scaled)).size == (80, 60)
    part = {"TaskType": "imageCrop", "cropX": 1, "cropWidth": 10, "cropHeight": 20}
    assert Image.open(io.BytesIO(created(api, part, image=photo))).size == (10, 20)
    cut = {"taskType": "AudioCut", "outputFormat": "wav", "cutStart": 0.5, "cutEnd": 1.0}
    sound = created(api, cut, audio=("a.wav", wav()))
    assert sound.startswith(b"RIFF")
    assert len(sound) == pytest.approx(8000, abs=400)


@pytest.mark.parametrize(
    ("args", "field"),
    [
        pytest.param('{"taskType": "Dance"}', "request", id="task"),
        pytest.param("dance", "request", id="no JSON"),
        pytest.param('{"taskType": "ImageScale"}', "width", id="no size"),
        pytest.param('{"taskType": "VideoCut"}', "video", id="no file"),
        pytest.param('{"taskType": "AudioCut", "cutStart": -1}', "cutStart", id="time"),
    ],
)
def test_what_is_wrong_with_a_wish_is_named(api: Api, args: str, field: str) -> None:
    refused = api.post(
        "/api/CreateMediaTransform", data={"request": args}, files={"image": ("a.png", png())}
    )
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == field


def test_a_picture_comes_from_comfyui_and_calls_back(stack: Stack, admin: Api, api: Api) -> None:
    comfy = FakeComfyUi().start()
    asked = {"name": "comfy-e2e", "mediaTypeId": "ComfyUI", "apiBaseUrl": comfy.url}
    made = admin.post("/api/CreateMediaProvider", json={**asked, "models": ["second.safetensors"]})
    assert made.status_code == 200, made.text
    try:
        queued = api.post(
            "/api/QueueTextToImage",
            json={
                "positivePrompt": "a fox",
                "model": "second.safetensors",
                "batchSize": 2,
                "seed": 4,
                "replyTo": stack.receiver.url("/comfy"),
                "state": "mine",
            },
        ).json()
        assert api.until_ended(queued["jobId"])["jobState"] == "Completed"
        body = json.loads(stack.receiver.wait_for("/comfy")[0].body)
        assert (body["state"], len(body["outputs"])) == ("mine", 2)
        assert requests.get(body["outputs"][0]["url"], timeout=10).content == png()
        assert comfy.last["KSampler"]["seed"] == 4
        image = {"image": ("a.png", png())}
        enlarged = api.post("/api/ImageUpscale", data={"model": "second.safetensors"}, files=image)
        assert enlarged.json()["results"][0]["provider"] == "comfy-e2e"
    finally:
        admin.post("/api/DeleteMediaProvider", json={"name": "comfy-e2e"})
        comfy.stop()
