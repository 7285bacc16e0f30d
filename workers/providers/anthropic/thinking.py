"""How much a model shall think: `reasoning_effort` as the API takes it for that model. Pure.

Models since 4.6 decide themselves how long they think and take an effort; newer ones refuse a
budget. Models before that take a budget of tokens and no effort.
https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
"""

from __future__ import annotations

from typing import Any, Final

from workers.providers.anthropic.fitting import Adjusted, may_think
from workers.providers.anthropic.models import Thinking, Traits, traits_of
from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]

#: The least budget that the API takes (tokens).
_LEAST_BUDGET: Final = 1024
#: Budgets of models that take one (tokens).
_BUDGETS: Final = {"low": 1024, "medium": 4096, "high": 16_384, "xhigh": 32_768, "max": 32_768}
#: Efforts at which a model is not asked to think.
_NO_THINKING: Final = frozenset(("none", "minimal"))
_FIELD: Final = "reasoning_effort"


def settings(
    effort: str | None, request: Json, adjusted: Adjusted, *, limit_is_given: bool
) -> Json:
    """Return the fields of the request that ask for this effort; `max_tokens` may be among them.

    `request` is the rest of it. Raises Untranslatable for an effort that does not exist.
    """
    if effort is None or effort in _NO_THINKING:
        return {}
    if effort not in _BUDGETS:
        known = ", ".join((*sorted(_NO_THINKING), *_BUDGETS))
        raise Untranslatable(_FIELD, f"must be one of {known}")
    traits = traits_of(str(request.get("model", "")))
    asked: Json = {}
    if may_think(request, traits):
        asked = _asked(effort, request, traits, adjusted, limit_is_given=limit_is_given)
    if not asked:
        adjusted.note(_FIELD)
    return asked


def own(request: Json, adjusted: Adjusted, *, limit_is_given: bool) -> None:
    """Make the client's own `thinking` one that the API takes for this model and conversation."""
    asked = request["thinking"]
    if not isinstance(asked, dict) or asked.get("type") not in ("enabled", "adaptive"):
        return
    traits, by_budget = traits_of(str(request.get("model", ""))), asked["type"] == "enabled"
    is_counted = by_budget or traits.thinking is Thinking.BY_BUDGET
    if not may_think(request, traits) or (
        is_counted and _continues_without_thoughts(request["messages"])
    ):
        del request["thinking"]
        adjusted.note("thinking")
    elif not by_budget and traits.thinking is Thinking.BY_BUDGET:
        del request["thinking"]
        limit = request["max_tokens"]
        request |= _budgeted(_BUDGETS["medium"], limit, limit_is_given=limit_is_given)
        adjusted.note("thinking")
    elif by_budget and traits.thinking is Thinking.ADAPTIVE:
        kept = {"display": asked["display"]} if "display" in asked else {}
        request["thinking"] = {"type": "adaptive", **kept}
        adjusted.note("thinking")
    elif by_budget and not limit_is_given and isinstance(asked.get("budget_tokens"), int):
        request["max_tokens"] += asked["budget_tokens"]


def is_adaptive(model: str) -> bool:
    """Tell whether the model takes an effort, by the version in its name; one without is new."""
    return traits_of(model).thinking in (Thinking.EITHER, Thinking.ADAPTIVE)


def _asked(
    effort: str, request: Json, traits: Traits, adjusted: Adjusted, *, limit_is_given: bool
) -> Json:
    if traits.thinking is Thinking.BY_BUDGET:
        if _continues_without_thoughts(request["messages"]):
            return {}
        most = traits.most_output - request["max_tokens"]
        budget = _BUDGETS[effort] if limit_is_given else min(_BUDGETS[effort], most)
        return _budgeted(budget, request["max_tokens"], limit_is_given=limit_is_given)
    taken = effort
    if effort not in traits.efforts:
        # `xhigh` came with a later version.
        taken = "high"
        adjusted.note(_FIELD)
    return {
        # What is thought is told only on demand by newer models.
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": taken},
    }


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
