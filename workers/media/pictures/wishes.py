"""What OpenAI's requests for pictures say, as servers that draw need it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import Final

from shared.media.formats import Task
from shared.media.request import FileRef, MediaRequest
from workers.media.engines.changing import PICTURE_BYTES, PICTURES, bring
from workers.media.process import Limits, cpu_seconds, folder, own, refused, run
from workers.providers.base import Desk, ProviderCall
from workers.providers.media.answers import desk_of

#: What of OpenAI's requests has no counterpart at servers that draw.
_NO_COUNTERPART: Final = ("quality", "style", "background", "output_format", "output_compression")
_sides = re.compile(r"([0-9]{1,5})x([0-9]{1,5})").fullmatch
#: What servers that draw take (pixels).
_LONGEST_SIDE: Final = 16_384
_NOT_MADE: Final = "The picture cannot be made"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
#: Where a PNG says what its pixels are, and what says that they have an alpha (PNG, 11.2.1).
_COLOUR_AT: Final = 25
_WITH_ALPHA: Final = (4, 6)


def not_followed(asked: MediaRequest) -> list[str]:
    """Return the fields of a request that cannot be followed there."""
    return [name for name in _NO_COUNTERPART if name in asked.fields]


def size_of(asked: MediaRequest, usual: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a request (pixels). Raises ProviderError for what is no size."""
    told = asked.text("size") or "auto"
    if told == "auto":
        return usual
    sides = _sides(told)
    if sides is None or not all(0 < int(side) <= _LONGEST_SIDE for side in sides.groups()):
        raise refused(f"size must be such as 1024x1024, or auto, not '{told[:40]}'", _NOT_MADE)
    return int(sides[1]), int(sides[2])


def has_alpha(desk: Desk, mask: FileRef) -> bool:
    """Whether a mask tells by transparency what is to change, as OpenAI's do; else white does."""
    with closing(desk.open(mask)) as read:
        head = next(read, b"")
    if not head.startswith(_PNG) or len(head) <= _COLOUR_AT:
        return False
    return head[_COLOUR_AT] in _WITH_ALPHA or b"tRNS" in head


def mask_in_white(call: ProviderCall, mask: FileRef) -> bytes:
    """Return a mask that is white where something is to change. Raises ProviderError."""
    if not has_alpha(desk_of(call), mask):
        return desk_of(call).whole(mask)
    with folder() as place:
        bring(call, mask, place / "input")
        limits = Limits(PICTURE_BYTES, cpu_seconds(call.timeout_s))
        run(own(PICTURES, limits, json.dumps({"task": Task.MASK_IMAGE})), place, what=_NOT_MADE)
        return (place / "output").read_bytes()
