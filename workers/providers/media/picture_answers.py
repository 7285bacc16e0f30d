"""Answers with pictures become what the ledger holds: bytes go to the store, references stay.

https://platform.openai.com/docs/api-reference/images
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from shared.codecs.base64_pieces import Base64Pieces, NotBase64
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import bare, parse
from shared.media import result
from shared.media.result import Kept, Made
from workers.heavy import away
from workers.providers.answers.body import refuse_many_values
from workers.providers.answers.whole import value_in
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http_errors import unreachable
from workers.providers.media.answers import desk_of
from workers.providers.media.cut_out import cut_out
from workers.providers.media.wholeness import (
    TAIL_BYTES,
    broken_off,
    is_cut,
    is_no_picture,
    is_picture,
    whole_picture,
)

Json = dict[str, Any]

#: Keeps a picture that an answer names by its URL; None if that cannot be.
Fetch = Callable[[str], Kept | None]
#: Texts that were cut out of an answer, by the marks in their places.
Texts = Mapping[str, memoryview]

_NONE: Final[Texts] = {}
_TYPE: Final = "image/png"
#: With what the URL of a picture begins that has the picture in it.
_IN_URL: Final = "data:"
_OF_URLS: Final = str.maketrans("-_", "+/")
_BAD_GATEWAY: Final = 502


def pictures(call: ProviderCall, body: bytes, fetch: Fetch | None = None) -> bytes:
    """Return an answer of pictures with references to them. Raises ProviderError.

    One picture may be all of the answer, as it is.
    """
    if is_picture(media_type_of(body[:HEAD_BYTES])):
        kept = desk_of(call).keep([*whole_picture(call, [body])], media_type=_TYPE)
        return pictures_made([{result.ARTIFACT: kept.to_json()}])
    value, texts = _read(call, bare(body))
    items = [one for one in value["data"] if isinstance(one, dict)]
    data = [with_picture(call, one, fetch, texts) for one in items if has_picture(one)]
    if not data:
        raise unreachable(call, "answered without a picture", _BAD_GATEWAY)
    return with_pictures(value, data)


def pictures_made(data: list[Json]) -> bytes:
    """Return pictures as an answer in OpenAI's form, made now."""
    return with_pictures({"created": int(time.time())}, data)


def with_picture(
    call: ProviderCall, item: Json, fetch: Fetch | None = None, texts: Texts = _NONE
) -> Json:
    """Return an item with a reference in the place of the picture that it holds, or names."""
    text, url = item.get("b64_json"), item.get("url")
    rest = {name: value for name, value in item.items() if name != "b64_json"}
    if isinstance(url, str) and url.startswith(_IN_URL):
        text = text or url
        del rest["url"]
    # Some have all members in each item, the other one null or blank.
    if not isinstance(text, str) or not text:
        found = fetch(url) if fetch and isinstance(url, str) else None
        return {result.ARTIFACT: found.to_json(), **rest} if found else item
    kept = _kept(call, texts.get(text, text))
    return {result.ARTIFACT: kept.to_json(), **rest}


def with_pictures(about: Json, data: list[Json]) -> bytes:
    """Return an answer that says this of its pictures, and how many were made."""
    return result.with_made(to_json_bytes({**about, "data": data}), Made(images=len(data)))


def has_picture(item: Json) -> bool:
    """Whether an item holds a picture or names one: of what was filtered only that is told."""
    return any(isinstance(item.get(name), str) and item[name] for name in ("b64_json", "url"))


def decoded(call: ProviderCall, text: str, what: str = "picture") -> bytes:
    """Return what a text in base64 stands for; a data URL too. Raises ProviderError."""
    text = _without_url(text)
    try:
        # In the alphabet of URLs too, and without its padding.
        return away(len(text), lambda: base64.b64decode(text.translate(_OF_URLS) + "=="))
    except (binascii.Error, ValueError) as exc:
        no_base64 = f"answered with a {what} that is no base64"
        raise unreachable(call, no_base64, _BAD_GATEWAY) from exc


def _read(call: ProviderCall, body: bytes) -> tuple[Json, Texts]:
    """Return an answer's value, and its pictures, for which it has marks, as they came.

    Where anything is not as it mostly is, it is read as a whole, pictures and all.
    """
    cut = cut_out(body)
    refuse_many_values(call, cut.rest)
    if cut.texts:
        with suppress(ProviderError):
            value = _value(call, cut.rest)
            if _marks_in(value, cut.texts) == [*cut.texts]:
                return value, cut.texts
    return _value(call, body), _NONE


def _value(call: ProviderCall, body: bytes) -> Json:
    return away(len(body), lambda: value_in(call, body, "data", list))


def _marks_in(value: Json, texts: Texts) -> list[str]:
    """Return the marks that stand where pictures do, in their order."""
    found = [one.get("b64_json") for one in value["data"] if isinstance(one, dict)]
    return [one for one in found if isinstance(one, str) and one in texts]


def _kept(call: ProviderCall, text: str | memoryview) -> Kept:
    """Keep a picture; plain base64 is decoded where it is written. Raises ProviderError."""
    kept, tail = _kept_as_told(call, text)
    if is_no_picture(kept.size, kept.media_type):
        raise unreachable(call, "answered with something that is no picture", _BAD_GATEWAY)
    if is_cut(kept.media_type, tail):
        raise broken_off(call)
    return kept


def _kept_as_told(call: ProviderCall, text: str | memoryview) -> tuple[Kept, bytes]:
    """Keep a picture; return its last bytes, too."""
    with suppress(NotBase64):
        plain = Base64Pieces(_without_url(text) if isinstance(text, str) else text)
        return desk_of(call).keep(plain, media_type=_TYPE), plain.tail(TAIL_BYTES)
    if isinstance(text, memoryview):
        text = _as_read(call, text)
    content = decoded(call, text)
    return desk_of(call).keep([content], media_type=_TYPE), content[-TAIL_BYTES:]


def _as_read(call: ProviderCall, text: memoryview) -> str:
    """Return a text that was cut out as a reader of the whole has it. Raises ProviderError."""
    _value(call, bytes(text.obj))
    return str(parse(b'"%b"' % bytes(text)))


def _without_url(text: str) -> str:
    return text.partition(",")[2] if text.startswith(_IN_URL) else text
