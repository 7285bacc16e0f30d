"""The object that a response is, made of its request and of what a chat said. Pure.

https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from typing import Any, Final

from shared.wire.answers.finish_reasons import usual_reason
from shared.wire.usage import usage_in

Json = dict[str, Any]

#: What the object repeats of its request, and what stands there when the request has it not.
_REPEATED: Final[Json] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
#: Why an answer is not whole, by the reason with which the chat ended.
_INCOMPLETE: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}


def begun(asked: Json, response_id: str, created_s: int) -> Json:
    """Return the response before anything is said."""
    repeated = {
        name: default if asked.get(name) is None else asked[name]
        for name, default in _REPEATED.items()
    }
    return {
        "id": response_id,
        "object": "response",
        "created_at": created_s,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": asked.get("model"),
        "output": [],
        "usage": None,
        **repeated,
    }


def ended(before: Json, reason: str | None, output: list[Json], told: Json) -> Json:
    """Return the response that ended; `told` is what the chat says of its model and usage."""
    cause = _INCOMPLETE.get(usual_reason(reason))
    return before | {
        "status": "incomplete" if cause else "completed",
        "incomplete_details": {"reason": cause} if cause else None,
        "model": told.get("model") or before["model"],
        "output": output,
        "usage": _usage(told) if told.get("usage") else None,
    }


def _usage(told: Json) -> Json:
    usage = usage_in(told)
    written = _detail(told, "prompt_tokens_details", "cache_write_tokens")
    cached = {"cached_tokens": usage.cached, "cache_write_tokens": written}
    reasoning = _detail(told, "completion_tokens_details", "reasoning_tokens")
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": cached,
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": usage.total,
    }


def _detail(told: Json, details: str, name: str) -> int:
    found = told["usage"].get(details)
    count = found.get(name) if isinstance(found, dict) else None
    return count if type(count) is int else 0
