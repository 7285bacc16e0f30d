"""AUTOMATIC1111's dialect against a server that is as strict as the API's own schema."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from PIL import Image

from cli.wsgi_thread import Environ, StartResponse, body_of
from shared.media import request as media_request
from shared.media.request import FileRef
from shared.operation import Operation
from tests.support import drawing
from tests.support.drawing import FILE, PICTURE, FakeDesk
from tests.support.servers.fake_server import FakeServer
from workers.media.pictures.automatic1111 import Automatic1111Dialect
from workers.providers.base import ProviderError

#: The members of each request, by their types (the API's own schema, `/docs` of a server).
_MEMBERS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "/sdapi/v1/txt2img": {
        "prompt": str,
        "negative_prompt": str,
        "seed": int,
        "batch_size": int,
        "width": int,
        "height": int,
        "override_settings": dict,
    },
    "/sdapi/v1/extra-single-image": {
        "image": str,
        "upscaling_resize": (int, float),
        "upscaler_1": str,
        "resize_mode": int,
    },
    "/sdapi/v1/interrogate": {"image": str, "model": str},
}
_MEMBERS["/sdapi/v1/img2img"] = {
    **_MEMBERS["/sdapi/v1/txt2img"],
    "init_images": list,
    "mask": str,
    "denoising_strength": float,
}


class Fake1111(FakeServer):
    """Refuses what its schema does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path, sent = environ["PATH_INFO"], json.loads(body_of(environ))
        status, told = self._answer(path, sent, environ.get("HTTP_AUTHORIZATION"))
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]

    def _answer(self, path: str, sent: dict[str, Any], key: str | None) -> tuple[str, Any]:
        if key != f"Basic {base64.b64encode(b'me:secret').decode()}":
            return "401 Unauthorized", {"detail": "Incorrect username or password"}
        known = _MEMBERS.get(path)
        if known is None:
            return "404 Not Found", {"detail": "Not Found"}
        for name, value in sent.items():
            if name not in known or not isinstance(value, known[name]):
                wrong = {"loc": ["body", name], "msg": "value is not valid", "type": "type_error"}
                return "422 Unprocessable Entity", {"detail": [wrong]}
        self.asked.append(sent)
        encoded = base64.b64encode(PICTURE).decode()
        if path.endswith("interrogate"):
            return "200 OK", {"caption": "a red square"}
        if path.endswith("image"):
            return "200 OK", {"image": encoded, "html_info": "<p>"}
        images = [encoded] * sent.get("batch_size", 1)
        return "200 OK", {"images": images, "parameters": sent, "info": "{}"}


@pytest.fixture(scope="module")
def server() -> Iterator[Fake1111]:
    server = Fake1111().start()
    yield server
    server.stop()


def ask(
    server: Fake1111,
    operation: Operation,
    stored: str,
    key: str = "me:secret",
    desk: FakeDesk | None = None,
) -> tuple[dict[str, Any], FakeDesk]:
    about = {"type": "automatic1111", "base_url": server.url, "models": ["default", "xl"]}
    return drawing.ask(Automatic1111Dialect(), about, operation, stored, key=key, desk=desk)


def test_pictures_of_a_text_come_in_openais_form(server: Fake1111) -> None:
    stored = media_request.compose(
        {"model": "xl", "prompt": "a cat", "n": 2, "size": "512x256"},
        hints={"negative_prompt": "dogs", "seed": 7},
    )
    told, desk = ask(server, Operation.IMAGE, stored)
    assert [one["$artifact"]["id"] for one in told["data"]] == ["file-1", "file-2"]
    assert desk.kept == [PICTURE, PICTURE]
    assert server.asked[-1] == {
        "prompt": "a cat",
        "negative_prompt": "dogs",
        "seed": 7,
        "batch_size": 2,
        "width": 512,
        "height": 256,
        "override_settings": {"sd_model_checkpoint": "xl"},
    }


def test_a_picture_and_its_mask_are_sent_in_base64(server: Fake1111) -> None:
    mask = FileRef("mask", "file-2", "m.png", "image/png", 3, "cd")
    stored = media_request.compose({"model": "default", "prompt": "blue"}, [FILE, mask])
    ask(server, Operation.IMAGE_EDIT, stored)
    sent = server.asked[-1]
    assert base64.b64decode(sent["init_images"][0]) == b"in:image"
    assert base64.b64decode(sent["mask"]) == b"in:mask"
    assert (sent["denoising_strength"], "override_settings" in sent) == (0.75, False)


def test_a_mask_by_transparency_becomes_one_in_white(server: Fake1111) -> None:
    mask = FileRef("mask", "file-2", "m.png", "image/png", 3, "cd")
    stored = media_request.compose({"model": "default", "prompt": "blue"}, [FILE, mask])
    for alpha, white in ((0, 255), (255, 0)):
        desk = FakeDesk({"mask": drawing.png("RGBA", (9, 9, 9, alpha))})
        ask(server, Operation.IMAGE_EDIT, stored, desk=desk)
        sent = Image.open(io.BytesIO(base64.b64decode(server.asked[-1]["mask"])))
        assert (sent.mode, sent.getpixel((0, 0))) == ("RGB", (white,) * 3)


def test_a_picture_is_enlarged_and_described(server: Fake1111) -> None:
    stored = media_request.compose({"model": "default"}, [FILE])
    assert len(ask(server, Operation.IMAGE_UPSCALE, stored)[0]["data"]) == 1
    assert ask(server, Operation.IMAGE_TO_TEXT, stored)[0] == {"text": "a red square"}


def test_a_wrong_password_is_the_operators_matter(server: Fake1111) -> None:
    stored = media_request.compose({"model": "default", "prompt": "x"})
    with pytest.raises(ProviderError, match="credentials"):
        ask(server, Operation.IMAGE, stored, key="me:wrong")
