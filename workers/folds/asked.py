"""Whether a request asks for one answer, or may get several. Pure."""

from __future__ import annotations

import re

from shared.operation import Operation

# Requests that may ask for more than one answer; whichever ends first is not the whole.
_asks_for_more = re.compile(rb'"n"\s*+:\s*+(?!1\s*[,}])|"best_of"').search
_has_prompts = re.compile(rb'"prompt"\s*:\s*\[').search


def asks_for_one(operation: Operation, request: bytes) -> bool:
    """Return whether the answer is whole with its first finish reason. In doubt it is not."""
    if operation is Operation.COMPLETION and _has_prompts(request):
        return False
    return _asks_for_more(request) is None
