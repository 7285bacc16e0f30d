"""An answer with files, as the ledger holds it: the provider's own, with references. Pure.

A member `$artifact` stands for a file in the place where it was, and `$usage` tells what was made
or heard, for prices. Both are the gateway's, and taken out before anybody is shown an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.wire.usage import MADE

Json = dict[str, Any]

ARTIFACT: Final = "$artifact"
USAGE: Final = MADE
#: How many of a sound's first bytes went to its client while it was made.
LIVE: Final = "$live"
#: A text of an answer that is none of JSON: srt, vtt, or plain.
TEXT: Final = "$text"
#: It stands at the end, where `with_made` puts it.
_USAGE_MARK: Final = b'"$usage":{'


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of an answer. `url` is a signed link to it, absolute, which expires."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    url: str

    def to_json(self) -> Json:
        """Return the reference as it stands in an answer."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Made:
    """What an answer cost to make: pictures, characters that were spoken, sound in milliseconds."""

    images: int = 0
    characters: int = 0
    audio_ms: int = 0

    def to_json(self) -> Json:
        """Return what is not zero."""
        return {name: value for name, value in asdict(self).items() if value}


def with_made(answer: bytes, made: Made) -> bytes:
    """Return an answer, which is a JSON object, as the ledger holds it; its text stays as it is."""
    told = made.to_json()
    if not told:
        return answer
    before = answer.rstrip()[:-1].rstrip()
    comma = b"" if before.endswith(b"{") else b","
    return before + comma + b'"' + USAGE.encode() + b'":' + to_json_bytes(told) + b"}"


def made_of(answer: Mapping[str, Any]) -> Made:
    """Return what an answer that the ledger holds cost to make."""
    told = answer.get(USAGE)
    return Made(**told) if isinstance(told, dict) else Made()


def as_came(stored: bytes) -> bytes:
    """Return an answer without files as its provider sent it."""
    start = stored.rfind(_USAGE_MARK)
    return stored if start < 0 else stored[:start].rstrip(b",") + b"}"


def live_bytes(stored: bytes | None) -> int:
    """Return how many of a sound's first bytes were told while it was made."""
    told = _parsed(stored).get(LIVE)
    return told if isinstance(told, int) else 0


def artifacts(stored: bytes | None) -> list[Kept]:
    """Return the files of an answer, in their order."""
    value = _parsed(stored)
    places = [value, *_items(value)]
    return [Kept(**one[ARTIFACT]) for one in places if isinstance(one.get(ARTIFACT), dict)]


def texts(stored: bytes | None) -> list[str]:
    """Return what an answer says, if it is one that says something."""
    value = _parsed(stored)
    for name in (TEXT, "text"):
        if isinstance(value.get(name), str):
            return [value[name]]
    return []


def segments(stored: bytes | None) -> list[Json]:
    """Return the parts of a transcript with their times, if it tells them."""
    found = _parsed(stored).get("segments")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def shown(stored: bytes) -> bytes:
    """Return an answer as JSON for who asks later: links stand for its files."""
    return to_json_bytes(with_links(parse(stored)))


def with_links(value: Json) -> Json:
    """Return an answer with links in the places of its files."""
    value = {name: held for name, held in value.items() if name not in (USAGE, LIVE)}
    if TEXT in value:
        return {"text": value[TEXT]}
    if ARTIFACT in value:
        return _linked(value)
    if _items(value):
        value["data"] = [_linked(one) for one in value["data"]]
    return value


def came_as_links(value: Json) -> bool:
    """Whether the provider answered with links to its pictures."""
    return any(ARTIFACT in one and one.get("url") for one in _items(value))


def _linked(item: Json) -> Json:
    kept = item.get(ARTIFACT)
    if not isinstance(kept, dict):
        return item
    rest = {name: held for name, held in item.items() if name not in (ARTIFACT, "url")}
    return {"url": kept["url"], **rest}


def _items(value: Json) -> list[Json]:
    data = value.get("data")
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _parsed(stored: bytes | None) -> Json:
    try:
        value = parse(stored) if stored else None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
