"""Pictures of the demo LLM: drawn from the prompt by rule, and labelled as what they are."""

from __future__ import annotations

import base64
import hashlib
import io
import textwrap
import time
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from cli.demo.answers import BadRequest, Json, parse_object
from cli.demo.forms import File, form_of
from cli.demo.reply import Event, Reply, sse

_LABEL: Final = "ReplyTo demo image: drawn, by no real model"
_SIZES: Final = range(16, 4097)
_MOST_PICTURES: Final = 10
#: Most pictures on the way to one, as OpenAI has it.
_MOST_PARTIAL: Final = 3
_DEFAULT: Final = 512
_FORMATS: Final = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


def parse(body: bytes) -> Json:
    """Read a request for pictures; raises BadRequest as a server would refuse it."""
    request = parse_object(body, "prompt", str)
    return _checked(request)


def parse_edit(body: bytes) -> Json:
    """Read a form with a picture to change; raises BadRequest."""
    request = form_of(body)
    if not any(request.get(name) for name in ("image", "image[]")):
        raise BadRequest("'image' is missing")
    return _checked(request)


def _checked(request: Json) -> Json:
    if not isinstance(request.get("model"), str):
        raise BadRequest("'model' is missing")
    _size(request)
    if not 1 <= _number(request, "n", 1) <= _MOST_PICTURES:
        raise BadRequest(f"'n' must be 1 to {_MOST_PICTURES}")
    if not 0 <= _number(request, "partial_images", 0) <= _MOST_PARTIAL:
        raise BadRequest(f"'partial_images' must be 0 to {_MOST_PARTIAL}")
    if request.get("output_format", "png") not in _FORMATS:
        raise BadRequest("'output_format' must be png, jpeg or webp")
    return request


def _number(request: Json, name: str, usual: int) -> int:
    """Return a whole number of a request, in a form as a text; raises BadRequest."""
    try:
        return int(request.get(name) or usual)
    except (TypeError, ValueError):
        raise BadRequest(f"'{name}' must be a whole number") from None


def reply(request: Json, echo: bytes | None) -> Reply:
    """Return pictures, the same ones for the same request."""
    del echo
    count = int(request.get("n") or 1)
    data = [{"b64_json": _picture(request, number)} for number in range(count)]
    whole: Json = {
        "created": int(time.time()),
        "data": data,
        "output_format": request.get("output_format", "png"),
        "size": "x".join(map(str, _size(request))),
    }
    return Reply(whole, _events(request, whole), 0)


def _events(request: Json, whole: Json) -> Any:
    kind = "image_edit" if "image" in request or "image[]" in request else "image_generation"
    about = {"created_at": whole["created"], "size": whole["size"], "output_format": "png"}
    for index in range(int(request.get("partial_images") or 0)):
        partial = _picture({**request, "prompt": f"(partial {index})"}, 0)
        event = {"b64_json": partial, "partial_image_index": index, **about}
        name = f"{kind}.partial_image"
        yield Event(sse({"type": name, **event}, name), pauses=True)
    for item in whole["data"]:
        name = f"{kind}.completed"
        yield Event(sse({"type": name, **item, **about}, name))


def _picture(request: Json, number: int) -> str:
    width, height = _size(request)
    seed = hashlib.sha256(f"{request.get('prompt')}/{number}".encode()).digest()
    drawn = _ground(request, seed).resize((width, height))
    _write(drawn, str(request.get("prompt") or "a variation"))
    written = io.BytesIO()
    drawn.save(written, _FORMATS[request.get("output_format", "png")])
    return base64.b64encode(written.getvalue()).decode()


def _ground(request: Json, seed: bytes) -> Image.Image:
    """Return what is drawn on: the picture that was sent, or colours of the seed."""
    sent = request.get("image") or request.get("image[]")
    file = sent[0] if isinstance(sent, list) else sent
    if isinstance(file, File):
        try:
            return Image.open(io.BytesIO(file.content)).convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as exc:
            raise BadRequest("'image' is no picture") from exc
    colours = [tuple(seed[at : at + 3]) for at in range(0, 12, 3)]
    small = Image.new("RGB", (2, 2))
    small.putdata(colours)
    return small.resize((64, 64), Image.Resampling.BICUBIC)


def _write(picture: Image.Image, prompt: str) -> None:
    draw, size = ImageDraw.Draw(picture), max(10, picture.width // 24)
    font = ImageFont.load_default(size=size)
    lines = [*textwrap.wrap(prompt[:200], 36), "", _LABEL]
    for number, line in enumerate(lines):
        place = (size // 2, size // 2 + number * size * 1.3)
        draw.text(place, line, font=font, fill="white", stroke_width=1, stroke_fill="black")


def _size(request: Json) -> tuple[int, int]:
    told = str(request.get("size") or "auto")
    if told == "auto":
        return _DEFAULT, _DEFAULT
    width, _, height = told.partition("x")
    if told.isascii() and width.isdecimal() and height.isdecimal():
        size = int(width), int(height)
        if size[0] in _SIZES and size[1] in _SIZES:
            return size
    raise BadRequest("'size' must be such as 1024x1024, or auto")
