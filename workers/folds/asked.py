"""How many answers a request asks for. Pure."""

from __future__ import annotations

import json
import re
from typing import Final

from shared.operation import Operation

#: A request of this size is not read for that (bytes).
_LARGE_BYTES: Final = 262_144
_WISHES: Final = ("n", "best_of")
# Requests that may ask for more than one answer; whichever ends first is not the whole.
_asks_for_more = re.compile(rb'"n"\s*+:\s*+(?!1\s*[,}])|"best_of"').search
_has_prompts = re.compile(rb'"prompt"\s*:\s*\[').search
# Texts to embed in a list of strings, or of what stands for them.
_has_texts = re.compile(rb'"input"\s*:\s*\[\s*["\[]').search


def asks_for_one(operation: Operation, request: bytes) -> bool:
    """Return whether the answer is whole with its first finish reason. In doubt it is not."""
    if operation is Operation.COMPLETION and _has_prompts(request):
        return False
    return _asks_for_more(request) is None or _says_one(request)


def texts_in(request: bytes) -> int | None:
    """Return how many texts are to be embedded; None where that would take long, or is in doubt."""
    if len(request) > _LARGE_BYTES or not _has_texts(request):
        return None
    try:
        asked = json.loads(request)
    except (ValueError, RecursionError):
        return None
    texts = asked.get("input") if isinstance(asked, dict) else None
    return len(texts) if isinstance(texts, list) else None


def _says_one(request: bytes) -> bool:
    """Whether what looked like a wish for more stands deeper, as in a tool, or says 1 or null."""
    if len(request) > _LARGE_BYTES:
        return False
    try:
        asked = json.loads(request)
    except (ValueError, RecursionError):
        return False
    return isinstance(asked, dict) and all(asked.get(name) in (None, 1) for name in _WISHES)
