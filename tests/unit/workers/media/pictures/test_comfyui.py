"""ComfyUI's dialect against a server that checks graphs as the real one does, and is as rude."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from shared.media import request as media_request
from shared.media.request import FileRef
from shared.operation import Operation
from tests.support import drawing
from tests.support.drawing import PICTURE, FakeDesk, png
from tests.support.servers.comfyui import FakeComfyUi
from workers.media.pictures.comfyui import ComfyUiDialect
from workers.providers.base import Blame, ProviderError

PHOTO = FileRef("image", "file-1", "a.png", "image/png", len(PICTURE), "ab" * 32)
DRAW = media_request.compose({"model": "default", "prompt": "a cat"})


@pytest.fixture(scope="module")
def running() -> Iterator[FakeComfyUi]:
    server = FakeComfyUi().start()
    yield server
    server.stop()


@pytest.fixture
def server(running: FakeComfyUi) -> FakeComfyUi:
    running.rudeness = ""
    return running


def ask(
    server: FakeComfyUi, operation: Operation, stored: str, *, mask: bytes = b""
) -> tuple[dict[str, Any], FakeDesk]:
    models = ["default", "second.safetensors", "gone.ckpt"]
    about = {"type": "comfyui", "base_url": server.url, "models": models}
    desk = FakeDesk({"image": PICTURE, "mask": mask})
    return drawing.ask(ComfyUiDialect(), about, operation, stored, desk=desk)


def test_pictures_of_a_text_are_drawn_by_the_checkpoint_that_is_named(server: FakeComfyUi) -> None:
    stored = media_request.compose(
        {"model": "second.safetensors", "prompt": "a cat", "n": 2, "size": "515x256"},
        hints={"negative_prompt": "dogs", "seed": 7},
    )
    told, desk = ask(server, Operation.IMAGE, stored)
    assert [one["$artifact"]["id"] for one in told["data"]] == ["file-1", "file-2"]
    assert desk.kept == [PICTURE, PICTURE]
    graph = server.last
    assert graph["CheckpointLoaderSimple"] == {"ckpt_name": "second.safetensors"}
    assert graph["EmptyLatentImage"] == {"width": 512, "height": 256, "batch_size": 2}
    assert (graph["KSampler"]["seed"], graph["KSampler"]["denoise"]) == (7, 1.0)


@pytest.mark.parametrize("way", ["", "combo"])
def test_default_is_the_first_checkpoint(server: FakeComfyUi, way: str) -> None:
    server.rudeness = way
    ask(server, Operation.IMAGE, DRAW)
    assert server.last["CheckpointLoaderSimple"] == {"ckpt_name": "first.safetensors"}


def test_a_picture_is_changed(server: FakeComfyUi) -> None:
    stored = media_request.compose(
        {"model": "default", "prompt": "blue", "n": "3"}, [PHOTO], hints={"denoise": 0.4}
    )
    told, _ = ask(server, Operation.IMAGE_EDIT, stored)
    assert len(told["data"]) == 3
    assert server.uploads[server.last["LoadImage"]["image"]] == PICTURE
    assert server.last["KSampler"]["denoise"] == 0.4


@pytest.mark.parametrize(("mode", "channel"), [("RGBA", "alpha"), ("RGB", "red")])
def test_a_mask_tells_by_transparency_or_in_white(
    server: FakeComfyUi, mode: str, channel: str
) -> None:
    content = png(mode)
    mask = FileRef("mask", "file-2", "m.png", "image/png", len(content), "cd" * 32)
    stored = media_request.compose({"model": "default", "prompt": "blue"}, [PHOTO, mask])
    ask(server, Operation.IMAGE_EDIT, stored, mask=content)
    assert server.last["LoadImageMask"]["channel"] == channel
    assert "SetLatentNoiseMask" in server.last


def test_a_picture_is_enlarged_twice_by_whatever_upscaler_there_is(server: FakeComfyUi) -> None:
    stored = media_request.compose({"model": "default"}, [PHOTO])
    ask(server, Operation.IMAGE_UPSCALE, stored)
    assert server.last["UpscaleModelLoader"] == {"model_name": "RealESRGAN_x2.pth"}
    assert "ImageScaleBy" not in server.last


@pytest.mark.parametrize(
    ("rudeness", "message", "transient"),
    [
        pytest.param("error", "KSampler: Allocation on device", True, id="an error in the history"),
        pytest.param("told", "out of memory", True, id="an error with status 200"),
        pytest.param("empty", "without a picture", True, id="no outputs"),
        pytest.param("lost", "has lost the workflow", True, id="a lost prompt"),
        pytest.param("half", "broke off", True, id="half a file"),
        pytest.param("cut", "broke off its picture", True, id="half a picture"),
        pytest.param("html", "no picture", True, id="a page"),
    ],
)
def test_what_a_rude_server_does_is_a_failure_that_says_so(
    server: FakeComfyUi,
    monkeypatch: pytest.MonkeyPatch,
    rudeness: str,
    message: str,
    *,
    transient: bool,
) -> None:
    monkeypatch.setattr("workers.media.pictures.exchange._LAST_LOOK_S", 0.01)
    server.rudeness = rudeness
    with pytest.raises(ProviderError, match=message) as error:
        ask(server, Operation.IMAGE, DRAW)
    assert error.value.transient is transient


def test_a_checkpoint_that_is_not_there_is_a_matter_of_the_model(server: FakeComfyUi) -> None:
    stored = media_request.compose({"model": "gone.ckpt", "prompt": "a cat"})
    with pytest.raises(ProviderError, match=r"no checkpoint 'gone.ckpt', but first") as error:
        ask(server, Operation.IMAGE, stored)
    assert error.value.blame is Blame.MODEL


def test_a_workflow_that_nobody_waits_for_is_taken_out_of_the_queue(server: FakeComfyUi) -> None:
    server.rudeness = "never"
    with gevent.Timeout(0.3, exception=False) as limit:
        ask(server, Operation.IMAGE, DRAW)
    assert limit is not None
    [prompt_id] = list(server.graphs)[-1:]
    until = time.monotonic() + 3
    while ("POST", "/queue", {"delete": [prompt_id]}) not in server.asked:
        assert time.monotonic() < until, server.asked
        gevent.sleep(0.02)
