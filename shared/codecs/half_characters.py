r"""Replaces halves of characters, which JSON can name (`"\ud800"`) and no encoding can write.

A client that cuts a text in the middle of an emoji sends one. UTF-8, Redis and the database refuse
it, so it becomes what decoders put in the place of what they cannot read: U+FFFD.
"""

from __future__ import annotations

import re
from typing import Any, Final

_HALF: Final = re.compile("[\ud800-\udfff]")
_names_half = re.compile(rb"\\u[dD][89a-fA-F]").search


def may_have_halves(raw: bytes) -> bool:
    """Whether a JSON document could name one; also true of whole characters that are escaped."""
    return _names_half(raw) is not None


def has_half(text: str) -> bool:
    """Whether a text has one, and so no form in UTF-8."""
    return _HALF.search(text) is not None


def whole(value: Any) -> Any:
    """Return a JSON value without halves of characters, in names and in texts."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {whole(name): whole(inner) for name, inner in value.items()}
    return [whole(inner) for inner in value] if isinstance(value, list) else value
