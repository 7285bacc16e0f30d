"""Sums up what the answers of a batch took, as OpenAI's batches tell it. Pure.

https://platform.openai.com/docs/api-reference/batch/object
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from shared.batches.lines import Away, at_once
from shared.codecs.strict_json import parse
from shared.wire.usage import usage_in


def summed(
    answers: Iterable[bytes], rest: Callable[[], None], away: Away = at_once
) -> dict[str, Any]:
    """Return the tokens of these lines of an output file.

    `rest` lets others have their turn, `away` reads a large line where it holds up nobody.
    """
    prompt = completion = total = cached = reasoning = 0
    for line in answers:
        body = away(len(line), partial(parse, line))["response"]["body"]
        if isinstance(body, dict):
            usage = usage_in(body)
            prompt, completion = prompt + usage.prompt, completion + usage.completion
            total, cached = total + usage.total, cached + usage.cached
            reasoning += _reasoning(body.get("usage"))
        rest()
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": total,
    }


def _reasoning(usage: object) -> int:
    for name in ("completion_tokens_details", "output_tokens_details"):
        details = usage.get(name) if isinstance(usage, dict) else None
        count = details.get("reasoning_tokens") if isinstance(details, dict) else None
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**40:
            return count
    return 0
