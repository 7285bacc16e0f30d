"""What a model of Replicate is told, by the inputs that it takes: each model has names of its own.

`takes` has the properties of a model's `Input`, as its OpenAPI schema tells them:
https://replicate.com/docs/topics/models/model-schema. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from shared.media.request import FileRef, MediaRequest
from shared.operation import Operation
from shared.wire.answers.said import object_of
from workers.media.pictures.wishes import size_of

Json = dict[str, Any]
Takes = Mapping[str, Any]

#: By which names models take a thing, the usual one first.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "prompt": ("prompt", "text", "question"),
    "negative_prompt": ("negative_prompt",),
    "seed": ("seed",),
    "denoise": ("prompt_strength", "strength"),
    "image": ("image", "input_image", "img", "init_image", "image_path", "input_images"),
    "mask": ("mask", "mask_image"),
    "n": ("num_outputs", "num_images"),
    "scale": ("scale", "scale_factor", "upscale_factor"),
}
#: Lists of pictures, where a model takes several.
_LISTS: Final = ("input_images",)
_RATIOS: Final = (
    *("1:1", "16:9", "21:9", "3:2", "2:3", "4:5"),
    *("5:4", "3:4", "4:3", "9:16", "9:21"),
)
_ENLARGES: Final = 2
_SQUARE: Final = (1024, 1024)


def inputs_of(
    asked: MediaRequest, operation: Operation, takes: Takes, sent: Callable[[FileRef], str]
) -> tuple[Json, list[str]]:
    """Return the input, and the fields of the request that the model does not take.

    `sent` brings a file there, and returns its URL; only those that are taken are brought.
    """
    told: Json = {}
    missed = []
    for name, value in _wishes(asked, operation):
        own = _own(name, takes)
        if own is None:
            missed.append(name)
        elif isinstance(value, FileRef):
            url = sent(value)
            told[own] = [url] if own in _LISTS else url
        else:
            told[own] = value
    return {**told, **_sized(asked, takes)}, missed


def several(asked: MediaRequest, takes: Takes) -> int:
    """Return how many predictions it takes to have all pictures that are asked for."""
    return 1 if _own("n", takes) else min(max(asked.number("n", 1), 1), 10)


def _wishes(asked: MediaRequest, operation: Operation) -> Iterable[tuple[str, Any]]:
    if operation is not Operation.IMAGE_UPSCALE and asked.text("prompt"):
        yield "prompt", asked.text("prompt")
    for name in ("negative_prompt", "seed", "denoise"):
        if asked.hints.get(name) is not None:
            yield name, asked.hints[name]
    if operation is Operation.IMAGE_UPSCALE:
        yield "scale", _ENLARGES
    for name in ("image", "mask"):
        for file in asked.files_in(name)[:1]:
            yield name, file
    if asked.number("n", 1) > 1:
        yield "n", asked.number("n", 1)


def _own(name: str, takes: Takes) -> str | None:
    if not takes:
        # Nothing is known of it: the usual names.
        return _NAMES[name][0]
    return next((one for one in _NAMES[name] if one in takes), None)


def _sized(asked: MediaRequest, takes: Takes) -> Json:
    if not asked.text("size") or asked.text("size") == "auto":
        return {}
    width, height = size_of(asked, _SQUARE)
    if "width" in takes and "height" in takes:
        return {"width": width, "height": height}
    if takes and "aspect_ratio" not in takes:
        return {}
    listed = object_of(takes.get("aspect_ratio")).get("enum")
    allowed = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return {"aspect_ratio": nearest(width / max(height, 1), allowed or _RATIOS)}


def nearest(wanted: float, ratios: Iterable[str]) -> str:
    """Return of the ratios, such as 16:9, the one that is nearest to a number."""

    def apart(ratio: str) -> float:
        wide, _, high = ratio.partition(":")
        are_numbers = ratio.isascii() and wide.isdecimal() and high.isdecimal()
        if not are_numbers or not int(high) or not int(wide):
            return float("inf")
        share = int(wide) / int(high) / wanted
        return max(share, 1 / share)

    return min(ratios, key=apart)
