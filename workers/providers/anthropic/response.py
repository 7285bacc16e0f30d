"""A message of the Messages API as OpenAI's chat completion. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.wire.answers.finish_reasons import usual_reason
from shared.wire.answers.said import object_of, objects, text_of
from workers.providers.anthropic.tool_names import AS_THEY_ARE, ToolNames

Json = dict[str, Any]

_FINISH_REASONS: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    # A turn that can be sent back to go on: what was said so far is whole.
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_OPENAIS: Final = frozenset(("stop", "length", "tool_calls", "content_filter"))
#: What a model thought; a message sent back must hold these blocks unchanged.
THINKING: Final = frozenset(("thinking", "redacted_thinking"))


def completion(message: Json, created_s: int, names: ToolNames = AS_THEY_ARE) -> Json:
    """Return the chat completion; blocks of the API's own tools are left out."""
    choice = {
        "index": 0,
        "message": _message(_blocks(message.get("content")), names),
        "finish_reason": finish_reason(message.get("stop_reason")),
    }
    return {
        "id": message.get("id"),
        "object": "chat.completion",
        "created": created_s,
        "model": message.get("model"),
        "choices": [choice],
        "usage": usage(object_of(message.get("usage"))),
    }


def _blocks(content: object) -> list[Json]:
    """Return the blocks of a content; some who speak this API have texts in their place."""
    told = content if isinstance(content, list) else [content]
    return objects([{"type": "text", "text": one} if isinstance(one, str) else one for one in told])


def _message(blocks: list[Json], names: ToolNames) -> Json:
    thoughts = [block for block in blocks if text_of(block.get("type")) in THINKING]
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    message: Json = {"role": "assistant", "content": _joined(blocks, "text") or None}
    if reasoning := _joined(thoughts, "thinking"):
        message["reasoning_content"] = reasoning
    if thoughts:
        message["thinking_blocks"] = thoughts
    if calls:
        message["tool_calls"] = [
            tool_call(call, arguments(call.get("input")), names) for call in calls
        ]
    return message


def _joined(blocks: list[Json], kind: str) -> str:
    return "".join(text_of(block.get(kind)) for block in blocks if block.get("type") == kind)


def tool_call(block: Json, arguments_text: str, names: ToolNames) -> Json:
    """Return a call of a tool with these arguments."""
    function = {"name": names.own(block.get("name")), "arguments": arguments_text}
    return {"id": block.get("id"), "type": "function", "function": function}


def arguments(value: object) -> str:
    """Return a tool's input as OpenAI has it: JSON in a string."""
    if isinstance(value, str) and value:
        # Some who speak this API have it as a string already.
        return value
    return json.dumps(value or {}, ensure_ascii=False)


def finish_reason(stop_reason: object) -> str:
    """Return OpenAI's name for the reason; a new one of the API's is a plain end.

    Some who speak this API have OpenAI's names, or others', already.
    """
    reason = _FINISH_REASONS.get(text_of(stop_reason)) or usual_reason(stop_reason)
    return reason if reason in _OPENAIS else "stop"


def usage(told: Json) -> Json:
    """Return the counts of tokens; OpenAI counts those of the cache among the prompt's."""
    read = _count(told, "cache_read_input_tokens")
    written = _count(told, "cache_creation_input_tokens")
    prompt = (_count(told, "input_tokens") or 0) + (read or 0) + (written or 0)
    said = _count(told, "output_tokens") or 0
    counts: Json = {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
    }
    details = {"cached_tokens": read, "cache_write_tokens": written}
    if known := {name: count for name, count in details.items() if count is not None}:
        counts["prompt_tokens_details"] = known
    thought = _count(object_of(told.get("output_tokens_details")), "thinking_tokens")
    if thought is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": thought}
    return counts


def _count(told: Json, name: str) -> int | None:
    """Return a count, also one that is written with a fraction; None for what is none."""
    value = told.get(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
