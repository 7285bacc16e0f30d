"""The manners by what is odd about them. A new one is one call of `manner` in the file it fits."""

from tests.upstreams.manner import MANNERS
from tests.upstreams.manners import (
    compression,
    documents,
    endless,
    ends,
    errors,
    framing,
    no_answers,
    numbers,
    refusals,
    shapes,
    statuses,
    streams,
    tool_calls,
    tools,
)

__all__ = [
    "MANNERS",
    "compression",
    "documents",
    "endless",
    "ends",
    "errors",
    "framing",
    "no_answers",
    "numbers",
    "refusals",
    "shapes",
    "statuses",
    "streams",
    "tool_calls",
    "tools",
]
