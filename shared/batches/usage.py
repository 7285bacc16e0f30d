"""Sums up what the answers of a batch took, as OpenAI's batches tell it. Pure.

https://platform.openai.com/docs/api-reference/batch/object
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.batches.lines import Away, at_once
from shared.codecs.strict_json import parse
from shared.wire.usage import usage_in


@dataclass(slots=True)
class Sum:
    """The tokens of the lines of an output file that went through it."""

    #: Reads a large line where it holds up nobody.
    away: Away = at_once
    prompt: int = 0
    completion: int = 0
    total: int = 0
    cached: int = 0
    reasoning: int = 0

    def of(self, answers: Iterable[bytes]) -> Iterator[bytes]:
        """Give the lines on as they are, each when it is counted."""
        for line in answers:
            body = self.away(len(line), partial(parse, line))["response"]["body"]
            if isinstance(body, dict):
                self._add(body)
            yield line

    def _add(self, body: dict[str, Any]) -> None:
        usage = usage_in(body)
        self.prompt += usage.prompt
        self.completion += usage.completion
        self.total += usage.total
        self.cached += usage.cached
        self.reasoning += _reasoning(body.get("usage"))

    def told(self) -> dict[str, Any]:
        """Return it in the form of a batch's `usage`."""
        return {
            "input_tokens": self.prompt,
            "input_tokens_details": {"cached_tokens": self.cached},
            "output_tokens": self.completion,
            "output_tokens_details": {"reasoning_tokens": self.reasoning},
            "total_tokens": self.total,
        }


def _reasoning(usage: object) -> int:
    for name in ("completion_tokens_details", "output_tokens_details"):
        details = usage.get(name) if isinstance(usage, dict) else None
        count = details.get("reasoning_tokens") if isinstance(details, dict) else None
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**40:
            return count
    return 0
