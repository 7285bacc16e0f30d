"""Whether a picture is one, and all of it is there: by how its kind begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http_errors import unreachable

#: How a whole picture ends; of some kinds one cannot tell. A few bytes may follow.
_ENDS: Final = {"image/png": b"IEND\xaeB`\x82", "image/jpeg": b"\xff\xd9", "image/gif": b";"}
#: So many bytes are looked at there.
TAIL_BYTES: Final = 64
#: Media types of what is no picture.
_WORDS: Final = ("text/", "application/json")


def is_picture(media_type: str) -> bool:
    """Whether bytes that are known to be of this type are a picture."""
    return media_type.startswith("image/") and "svg" not in media_type


def is_no_picture(size: int, media_type: str) -> bool:
    """Whether bytes of so many, known to be of this type, are none; an unknown kind may be."""
    return not size or media_type.startswith(_WORDS)


def is_cut(media_type: str, tail: bytes) -> bool:
    """Whether a picture that ends with these bytes lacks its end."""
    end = _ENDS.get(media_type)
    return end is not None and end not in tail


def whole_picture(call: ProviderCall, body: Iterable[bytes]) -> Iterator[bytes]:
    """Give the bytes of a picture as they come. Raises ProviderError.

    So it does for what is none as soon as that shows, and at its end for one that is not whole.
    """
    head, tail, kind = b"", b"", ""
    for piece in body:
        if len(head) < HEAD_BYTES:
            head += piece
            kind = _kind_of(call, head) if len(head) >= HEAD_BYTES else ""
        tail = (tail + piece)[-TAIL_BYTES:]
        yield piece
    if is_cut(kind or _kind_of(call, head), tail):
        raise broken_off(call)


def broken_off(call: ProviderCall) -> ProviderError:
    """Return the error of a picture that lacks its end."""
    return unreachable(call, "broke off its picture", 502)


def _kind_of(call: ProviderCall, head: bytes) -> str:
    kind = media_type_of(head[:HEAD_BYTES])
    if not is_picture(kind):
        raise unreachable(call, "answered with something that is no picture", 502)
    return kind
