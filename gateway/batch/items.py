"""Reads the array of a batch: the text of each request, and its value."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from gateway.http import heavy
from shared.codecs.json_text import parse_array
from shared.errors import TooManyItems, ValidationFailed


class Item(NamedTuple):
    """One request of a batch, as the client wrote it."""

    text: str
    value: Any


def read_items(raw: bytes, *, most: int, most_values: int, caller: str) -> list[Item]:
    """Return the requests of a batch.

    Raises MalformedJson, TooManyValues, TooManyItems, and ValidationFailed for what is no array.
    """
    return heavy.read(partial(_parse, most=most), raw, limit=most_values, caller=caller)


def _parse(raw: bytes, most: int) -> list[Item]:
    if raw.lstrip(b" \t\n\r")[:1] != b"[":
        told = "no array" if raw.strip() else "empty"
        raise ValidationFailed(
            f"The body of a batch must be a JSON array of requests; it is {told}."
        )
    text, found = parse_array(raw, most + 1)
    if len(found) > most:
        raise TooManyItems(
            f"The batch has more than the {most:,} requests that this gateway takes at once; "
            "send several batches."
        )
    return [Item(text[one.start : one.end], one.value) for one in found]
