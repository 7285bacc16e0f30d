"""What Anthropic's documents say of the wire: which requests are refused, how a message streams.

https://platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming, …/agents-and-tools/
tool-use, …/build-with-claude/extended-thinking.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_FIELDS = {
    "model",
    "messages",
    "max_tokens",
    "cache_control",
    "container",
    "inference_geo",
    "metadata",
    "output_config",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
}
_BLOCKS = {
    "text": {"text"},
    "image": {"source"},
    "document": {"source", "title"},
    "tool_use": {"id", "name", "input"},
    "tool_result": {"tool_use_id", "content", "is_error"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}
_SOURCES = {"base64": {"type", "media_type", "data"}, "url": {"type", "url"}}
_IMAGE_TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


class Refused(Exception):
    """The API answers 400 with this message."""


def _need(condition: object, message: str) -> None:
    if not condition:
        raise Refused(message)


def _only(value: Json, allowed: set[str], path: str) -> None:
    for name in value:
        _need(name in allowed, f"{path}{name}: Extra inputs are not permitted")


def check(request: Any) -> None:
    """Raise Refused for what the API refuses."""
    _need(isinstance(request, dict), "The request body must be an object")
    _only(request, _FIELDS, "")
    for name in ("model", "messages", "max_tokens"):
        _need(name in request, f"{name}: Field required")
    _need(isinstance(request["max_tokens"], int), "max_tokens: Input should be a valid integer")
    _need(request["max_tokens"] >= 1, "max_tokens: must be greater than or equal to 1")
    temperature = request.get("temperature", 1)
    _need(0 <= temperature <= 1, "temperature: range: 0..1")
    _only(request.get("metadata", {}), {"user_id"}, "metadata.")
    _only(request.get("output_config", {}), {"effort", "format"}, "output_config.")
    _need(isinstance(request.get("stop_sequences", []), list), "stop_sequences: should be a list")
    for block in request.get("system", []):
        _need(block["type"] == "text" and block["text"], "system: text blocks must be non-empty")
    _check_tools(request)
    _check_thinking(request)
    _check_messages(request["messages"])


def _check_tools(request: Json) -> None:
    for number, tool in enumerate(request.get("tools", [])):
        path = f"tools.{number}."
        allowed = {"name", "description", "input_schema", "strict", "cache_control", "type"}
        _only(tool, allowed, path)
        _need(_TOOL_NAME.fullmatch(tool.get("name", "")), f"{path}name: invalid")
        schema = tool.get("input_schema", {})
        _need(schema.get("type") == "object", f"{path}input_schema.type: Field required")
    choice = request.get("tool_choice")
    if choice is not None:
        _need(request.get("tools"), "tool_choice may only be specified while providing tools")
        _need(choice["type"] in {"auto", "any", "tool", "none"}, "tool_choice: invalid type")
        allowed = {"type", "disable_parallel_tool_use"}
        _only(choice, allowed | ({"name"} if choice["type"] == "tool" else set()), "tool_choice.")


def _check_thinking(request: Json) -> None:
    thinking = request.get("thinking")
    if thinking is None:
        return
    kind = thinking.get("type")
    if kind == "enabled":
        _only(thinking, {"type", "budget_tokens", "display"}, "thinking.")
        budget = thinking["budget_tokens"]
        _need(budget >= 1024, "thinking.enabled.budget_tokens: at least 1024")
        _need(request["max_tokens"] > budget, "max_tokens must be greater than budget_tokens")
        turns = [turn for turn in request["messages"] if turn["role"] == "assistant"]
        last = request["messages"][-1]
        results = [b for b in last["content"] if isinstance(b, dict) and b["type"] == "tool_result"]
        if turns and results:
            first = turns[-1]["content"][0]["type"]
            _need(
                first in {"thinking", "redacted_thinking"},
                "Expected `thinking` or `redacted_thinking`, but found `tool_use`",
            )
    else:
        _need(kind in {"adaptive", "disabled"}, "thinking.type: invalid")
        _only(thinking, {"type", "display"}, "thinking.")


def _check_messages(messages: list[Json]) -> None:
    _need(messages, "messages: at least one message is required")
    _need(messages[0]["role"] == "user", "messages: first message must use the user role")
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        _only(message, {"role", "content"}, f"messages.{number}.")
        role = "assistant" if number % 2 else "user"
        _need(message["role"] == role, "messages: roles must alternate between user and assistant")
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        _need(blocks, f"messages.{number}: all messages must have non-empty content")
        _check_results(blocks, open_calls, number)
        for block in blocks:
            _check_block(block, role, number)
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    _need(not open_calls, "`tool_use` ids were found without `tool_result` blocks after them")


def _check_results(blocks: list[Json], open_calls: list[str], number: int) -> None:
    answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
    missing = set(open_calls) - set(answered)
    _need(not missing, f"messages.{number}: `tool_use` ids were found without `tool_result`")
    unknown = set(answered) - set(open_calls)
    _need(not unknown, f"messages.{number}: unexpected `tool_use_id` found in `tool_result`")
    kinds = [block["type"] for block in blocks]
    results_first = all(kind == "tool_result" for kind in kinds[: len(answered)])
    _need(results_first, "`tool_result` blocks must come first in the content")


def _check_block(block: Json, role: str, number: int) -> None:
    kind = block.get("type")
    path = f"messages.{number}.content.{kind}."
    _need(kind in _BLOCKS, f"messages.{number}: Input tag '{kind}' does not match")
    _only(block, _BLOCKS[kind] | {"type", "cache_control"}, path)
    of_user = kind in {"image", "document", "tool_result"}
    of_assistant = kind in {"tool_use", "thinking", "redacted_thinking"}
    _need(not (of_user and role == "assistant"), f"{path} not allowed for assistant")
    _need(not (of_assistant and role == "user"), f"{path} not allowed for user")
    if kind == "text":
        _need(block["text"], "messages: text content blocks must be non-empty")
    if kind == "tool_use":
        _need(isinstance(block["input"], dict), f"{path}input: Input should be a valid dictionary")
        _need(_TOOL_NAME.fullmatch(block["name"]), f"{path}name: invalid")
    if kind in {"image", "document"}:
        source = block["source"]
        _need(source.get("type") in _SOURCES, f"{path}source.type: invalid")
        _only(source, _SOURCES[source["type"]], f"{path}source.")
        if kind == "image" and source["type"] == "base64":
            _need(source["media_type"] in _IMAGE_TYPES, f"{path}source.media_type: invalid")


def events_of(message: Json, cut: int) -> Iterator[Json]:
    """Yield the events of a streamed message, its texts in pieces of `cut` characters."""
    usage = message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": {**begun, "usage": {**usage, "output_tokens": 1}}}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        start, deltas = _told(block, cut)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {name: message[name] for name in ("stop_reason", "stop_sequence")}
    counts = {
        name: usage[name] for name in ("output_tokens", "output_tokens_details") if name in usage
    }
    yield {"type": "message_delta", "delta": end, "usage": counts}
    yield {"type": "message_stop"}


def _told(block: Json, cut: int) -> tuple[Json, list[Json]]:
    kind = block["type"]
    if kind == "text":
        pieces = _pieces(block["text"], cut)
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    if kind == "thinking":
        told: list[Json] = [
            {"type": "thinking_delta", "thinking": piece}
            for piece in _pieces(block["thinking"], cut)
        ]
        told.append({"type": "signature_delta", "signature": block["signature"]})
        return {**block, "thinking": "", "signature": ""}, told
    if kind == "tool_use":
        text = json.dumps(block["input"]) if block["input"] else ""
        pieces = ["", *_pieces(text, cut)]
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": piece} for piece in pieces
        ]
    return block, []


def _pieces(text: str, cut: int) -> list[str]:
    return [text[start : start + cut] for start in range(0, len(text), cut)]
