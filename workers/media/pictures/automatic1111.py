"""The dialect of AUTOMATIC1111's web UI, Forge, and sd.cpp: pictures of texts and of pictures.

https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API
"""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from typing import Any, Final

from requests import Session

from shared.codecs.json_bytes import to_json_bytes
from shared.media import request as media_request
from shared.media.request import MediaRequest
from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.wire.answers.said import object_of
from workers.heavy import away
from workers.media.pictures.wishes import mask_in_white, not_followed, size_of
from workers.providers import http
from workers.providers.answers.whole import value_in
from workers.providers.base import ProviderCall
from workers.providers.http_errors import unreachable
from workers.providers.media.answers import desk_of
from workers.providers.media.picture_answers import pictures_made, with_picture

#: Where each operation is asked, under the server's root.
_PATHS: Final = {
    Operation.IMAGE: "sdapi/v1/txt2img",
    Operation.IMAGE_EDIT: "sdapi/v1/img2img",
    Operation.IMAGE_UPSCALE: "sdapi/v1/extra-single-image",
    Operation.IMAGE_TO_TEXT: "sdapi/v1/interrogate",
}
_UPSCALER: Final = "R-ESRGAN 4x+"
#: The name of a provider's model that stands for whichever checkpoint is loaded.
_LOADED: Final = "default"

Json = dict[str, Any]


class Automatic1111Dialect:
    """Translates requests for pictures, and answers into OpenAI's form."""

    operations = OPERATIONS_BY_TYPE["automatic1111"]
    always_tells_usage = False

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """Ask for pictures, or for a text about one. Raises ProviderError."""
        asked = media_request.read(call.body)
        call.adjusted(not_followed(asked))
        url = f"{call.provider.root_url}/{_PATHS[call.operation]}"
        target = http.Target(url, call.provider.key_headers(call.api_key))
        body = http.ask(session, call, target, to_json_bytes(request_of(call, asked)))
        return _answer(call, body)

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Do the same: what is made there is made as a whole. Nobody asks for it."""
        yield self.ask(session, call)


def request_of(call: ProviderCall, asked: MediaRequest) -> Json:
    """Return the request in the server's words."""
    if call.operation is Operation.IMAGE_UPSCALE:
        image = _encoded(call, asked, "image")
        return {"image": image, "upscaling_resize": 2, "upscaler_1": _UPSCALER, "resize_mode": 0}
    if call.operation is Operation.IMAGE_TO_TEXT:
        return {"image": _encoded(call, asked, "image"), "model": "clip"}
    told: Json = {
        "prompt": asked.text("prompt"),
        "negative_prompt": str(asked.hints.get("negative_prompt", "")),
        "seed": int(asked.hints.get("seed", -1)),
        "batch_size": asked.number("n", 1),
        **_size(asked),
    }
    if asked.model != _LOADED:
        told["override_settings"] = {"sd_model_checkpoint": asked.model}
    if call.operation is Operation.IMAGE_EDIT:
        told["init_images"] = [_encoded(call, asked, "image")]
        told["denoising_strength"] = float(asked.hints.get("denoise", 0.75))
        if asked.files_in("mask"):
            white = mask_in_white(call, asked.files_in("mask")[0])
            told["mask"] = base64.b64encode(white).decode()
    return told


def _encoded(call: ProviderCall, asked: MediaRequest, name: str) -> str:
    content = desk_of(call).whole(asked.files_in(name)[0])
    return base64.b64encode(content).decode()


def _size(asked: MediaRequest) -> Json:
    """Return the size that is asked for; by default it is the server's."""
    width, height = size_of(asked, (0, 0))
    return {"width": width, "height": height} if width else {}


def _answer(call: ProviderCall, body: bytes) -> bytes:
    """Return the answer in OpenAI's form, its pictures kept. Raises ProviderError."""
    if call.operation is Operation.IMAGE_TO_TEXT:
        told = away(len(body), lambda: value_in(call, body, "caption", str))
        return to_json_bytes({"text": told["caption"]})
    if call.operation is Operation.IMAGE_UPSCALE:
        one = away(len(body), lambda: value_in(call, body, "image", str))
        images = [one["image"]] if one["image"] else []
    else:
        many = away(len(body), lambda: value_in(call, body, "images", list))
        images = [each for each in many["images"] if each and isinstance(each, str)]
        images = images[_before(many) :] or images
    if not images:
        raise unreachable(call, "answered without a picture", 502)
    data = [with_picture(call, {"b64_json": image}) for image in images]
    return pictures_made(data)


def _before(told: Json) -> int:
    """Return how many pictures stand before those that were asked for: a grid of them all."""
    info = told.get("info")
    try:
        about = json.loads(info) if isinstance(info, str) else info
    except (ValueError, RecursionError):
        return 0
    first = object_of(about).get("index_of_first_image")
    return first if type(first) is int and first > 0 else 0
