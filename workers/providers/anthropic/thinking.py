"""How much a model shall think: `reasoning_effort` as the API takes it for that model. Pure.

Models since 4.6 decide themselves how long they think and take an effort; newer ones refuse a
budget. Models before that take a budget of tokens and no effort.
https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
"""

from __future__ import annotations

import re
from typing import Any, Final

from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]

#: The first version that thinks adaptively.
_ADAPTIVE: Final = (4, 6)
#: The least budget that the API takes (tokens).
_LEAST_BUDGET: Final = 1024
#: Budgets of models that take one (tokens).
_BUDGETS: Final = {"low": 1024, "medium": 4096, "high": 16_384, "xhigh": 32_768, "max": 32_768}
#: Efforts at which a model is not asked to think.
_NO_THINKING: Final = frozenset(("none", "minimal"))

# `claude-opus-4-1-20250805`, `claude-3-5-haiku-latest`, `anthropic/claude-sonnet-4.6`: a version
# has one or two digits, a date has eight.
_find_version = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)").search


def settings(effort: str | None, request: Json, *, limit_is_given: bool) -> Json:
    """Return the fields of the request that ask for this effort; `max_tokens` may be among them.

    `request` is the rest of it. Raises Untranslatable for an effort that does not exist.
    """
    if effort is None or effort in _NO_THINKING:
        return {}
    if effort not in _BUDGETS:
        known = ", ".join((*sorted(_NO_THINKING), *_BUDGETS))
        raise Untranslatable("reasoning_effort", f"must be one of {known}")
    if is_adaptive(str(request.get("model", ""))):
        return {
            # What is thought is told only on demand by newer models.
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": effort},
        }
    if _continues_without_thoughts(request["messages"]):
        return {}
    return _budgeted(_BUDGETS[effort], request["max_tokens"], limit_is_given=limit_is_given)


def is_adaptive(model: str) -> bool:
    """Tell whether the model takes an effort, by the version in its name; one without is new."""
    found = _find_version(model)
    return found is None or (int(found[1]), int(found[2] or 0)) >= _ADAPTIVE


def _budgeted(budget: int, max_tokens: int, *, limit_is_given: bool) -> Json:
    """Return a budget within the limit, which counts thoughts too; none where it is too small."""
    if not limit_is_given:
        return {
            "thinking": {"type": "enabled", "budget_tokens": budget},
            "max_tokens": max_tokens + budget,
        }
    budget = min(budget, max_tokens - 1)
    if budget < _LEAST_BUDGET:
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _continues_without_thoughts(turns: list[Json]) -> bool:
    """Whether a tool's result comes back without the thoughts that led to its call.

    The API refuses to go on thinking then.
    """
    if turns[-1]["role"] != "user" or len(turns) == 1:
        return False
    is_result = any(block.get("type") == "tool_result" for block in turns[-1]["content"])
    said = turns[-2]["content"]
    return is_result and said[0].get("type") not in ("thinking", "redacted_thinking")
