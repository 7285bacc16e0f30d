"""Replicate's dialect against a server that refuses what the real one refuses, and is as rude."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from PIL import Image

from shared.media import request as media_request
from shared.media.request import FileRef
from shared.operation import Operation
from tests.support import drawing
from tests.support.drawing import PICTURE, FakeDesk, png
from tests.support.servers.replicate import TOKEN, FakeReplicate
from workers.media.pictures.replicate import ReplicateDialect
from workers.media.pictures.replicate_inputs import nearest
from workers.providers.base import Blame, ProviderError

PHOTO = FileRef("image", "file-1", "a.png", "image/png", len(PICTURE), "ab" * 32)
DRAW = media_request.compose({"model": "maker/flux", "prompt": "a cat"})
MODELS = [
    *("maker/flux", "maker/inpaint", "maker/esrgan", "maker/blip"),
    *("maker/none", "../v1/account", "maker/inpaint:" + "f" * 64),
]


@pytest.fixture(scope="module")
def running() -> Iterator[FakeReplicate]:
    server = FakeReplicate().start()
    yield server
    server.stop()


@pytest.fixture
def server(running: FakeReplicate) -> FakeReplicate:
    running.rudeness = ""
    return running


def ask(
    server: FakeReplicate,
    operation: Operation,
    stored: str,
    *,
    key: str = TOKEN,
    image: bytes = PICTURE,
    mask: bytes = b"",
) -> tuple[dict[str, Any], FakeDesk]:
    about = {"type": "replicate", "base_url": f"{server.url}/v1", "models": MODELS}
    desk = FakeDesk({"image": image, "mask": mask})
    return drawing.ask(ReplicateDialect(), about, operation, stored, key=key, desk=desk)


def data_of(url: str) -> bytes:
    assert url.startswith("data:image/png;base64,")
    return base64.b64decode(url.partition(",")[2])


def test_pictures_of_a_text_are_asked_by_the_names_that_the_model_takes(
    server: FakeReplicate,
) -> None:
    stored = media_request.compose(
        {"model": "maker/flux", "prompt": "a cat", "n": 2, "size": "1920x1080", "quality": "high"},
        hints={"negative_prompt": "dogs", "seed": 7},
    )
    told, desk = ask(server, Operation.IMAGE, stored)
    assert [one["$artifact"]["id"] for one in told["data"]] == ["file-1", "file-2"]
    assert desk.kept == [PICTURE, PICTURE]
    path, sent, headers = server.created[-1]
    assert path == "models/maker/flux/predictions"
    assert sent == {"prompt": "a cat", "seed": 7, "num_outputs": 2, "aspect_ratio": "16:9"}
    assert headers["cancel-after"] == "5s"


def test_a_model_that_is_not_official_is_asked_by_its_version(server: FakeReplicate) -> None:
    content = png("RGBA", (0, 0, 0, 0))
    mask = FileRef("mask", "file-2", "m.png", "image/png", len(content), "cd" * 32)
    stored = media_request.compose(
        {"model": "maker/inpaint", "prompt": "blue", "size": "64x32", "n": 2}, [PHOTO, mask]
    )
    told, _ = ask(server, Operation.IMAGE_EDIT, stored, mask=content)
    # It makes one at a time.
    assert len(told["data"]) == 2
    path, sent, _ = server.created[-1]
    assert (path, sent["width"], sent["height"]) == ("predictions", 64, 32)
    assert data_of(sent["image"]) == PICTURE
    white = Image.open(io.BytesIO(data_of(sent["mask"])))
    assert white.getpixel((0, 0)) == (255, 255, 255)


def test_a_large_picture_is_uploaded(server: FakeReplicate) -> None:
    large = PICTURE + b"\0" * 300_000
    photo = FileRef("image", "file-1", "a.png", "image/png", len(large), "ab" * 32)
    stored = media_request.compose({"model": "maker/esrgan"}, [photo])
    ask(server, Operation.IMAGE_UPSCALE, stored, image=large)
    assert server.created[-1][1] == {"scale": 2, "image": f"{server.url}/v1/files/f1"}
    assert server.uploads[-1] == large


def test_a_picture_is_described(server: FakeReplicate) -> None:
    stored = media_request.compose({"model": "maker/blip", "prompt": "what is it?"}, [PHOTO])
    assert ask(server, Operation.IMAGE_TO_TEXT, stored)[0] == {"text": "a red square"}


def test_a_model_of_which_nothing_is_told_gets_the_usual_names(server: FakeReplicate) -> None:
    server.rudeness = "no schema"
    ask(server, Operation.IMAGE, DRAW)
    assert server.created[-1][1] == {"prompt": "a cat"}


@pytest.mark.parametrize(
    ("rudeness", "message", "transient", "blame"),
    [
        pytest.param("failed", "CUDA out of memory", True, Blame.PROVIDER, id="failed"),
        pytest.param("nsfw", "NSFW", False, Blame.FORBIDDEN, id="moderation"),
        pytest.param("canceled", "cancelled the prediction", True, Blame.PROVIDER, id="cancelled"),
        pytest.param("billing", "Insufficient credit", False, Blame.BILLING, id="no credit"),
        pytest.param("elsewhere", "another place: 169", True, Blame.PROVIDER, id="another place"),
        pytest.param("two readings", "place: 127", True, Blame.PROVIDER, id="two readings"),
        pytest.param("nothing", "without a picture", True, Blame.PROVIDER, id="no output"),
        pytest.param("cut", "broke off its picture", True, Blame.PROVIDER, id="half a picture"),
    ],
)
def test_what_a_rude_server_does_is_a_failure_that_says_so(
    server: FakeReplicate, rudeness: str, message: str, *, transient: bool, blame: Blame
) -> None:
    server.rudeness = rudeness
    with pytest.raises(ProviderError, match=message) as error:
        ask(server, Operation.IMAGE, DRAW)
    assert (error.value.transient, error.value.blame) == (transient, blame)


@pytest.mark.parametrize("model", ["maker/none", "../v1/account"])
def test_a_model_that_is_none_is_not_asked(server: FakeReplicate, model: str) -> None:
    before = len(server.created)
    stored = media_request.compose({"model": model, "prompt": "a cat"})
    with pytest.raises(ProviderError) as error:
        ask(server, Operation.IMAGE, stored)
    assert (error.value.status, len(server.created)) == (404, before)


def test_a_wrong_token_is_the_operators_matter(server: FakeReplicate) -> None:
    with pytest.raises(ProviderError, match="credentials"):
        ask(server, Operation.IMAGE, DRAW, key="r8_wrong")


def test_a_prediction_that_nobody_waits_for_is_cancelled(server: FakeReplicate) -> None:
    server.rudeness = "never"
    with gevent.Timeout(0.3, exception=False):
        ask(server, Operation.IMAGE, DRAW)
    until = time.monotonic() + 3
    while f"p{len(server.created)}" not in server.cancelled:
        assert time.monotonic() < until
        gevent.sleep(0.02)


def test_the_nearest_ratio_is_taken() -> None:
    assert nearest(1.7, ["1:1", "16:9", "match_input_image", "9:0"]) == "16:9"
