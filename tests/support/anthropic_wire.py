"""What Anthropic's documents say of the wire: which requests are refused, how a message streams.

https://platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming, …/agents-and-tools/
tool-use, …/build-with-claude/extended-thinking; and what public bug reports say that it refuses.
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
_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_MAIL = re.compile(r"\S+@\S+\.\S+")
_PHONE = re.compile(r"\+?[\d\s().-]{7,}")
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")


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
    _check_sampling(request)
    _check_user(request.get("metadata", {}))
    _only(request.get("output_config", {}), {"effort", "format"}, "output_config.")
    stops = request.get("stop_sequences", [])
    _need(isinstance(stops, list), "stop_sequences: should be a list")
    blank = "stop_sequences: each stop sequence must contain non-whitespace"
    _need(all(stop.strip() for stop in stops), blank)
    for block in request.get("system", []):
        said = block["type"] == "text" and block["text"].strip()
        _need(said, "system: text content blocks must contain non-whitespace text")
    _check_tools(request)
    _check_thinking(request)
    _check_messages(request["messages"])


def _version(request: Json) -> tuple[int, int] | None:
    found = _VERSION.search(request["model"])
    return (int(found[1]), int(found[2] or 0)) if found else None


def _check_sampling(request: Json) -> None:
    temperature, top_p = request.get("temperature"), request.get("top_p")
    _need(0 <= (1 if temperature is None else temperature) <= 1, "temperature: range: 0..1")
    version = _version(request) or (99, 0)
    if "claude" in request["model"] and version >= (4, 7):
        for name in ("temperature", "top_p", "top_k"):
            _need(request.get(name, 1) == 1, f"`{name}` is deprecated for this model.")
    if "claude" in request["model"] and version >= (4, 1):
        both = temperature is not None and top_p is not None
        _need(not both, "`temperature` and `top_p` cannot both be specified for this model.")
    if (request.get("thinking") or {}).get("type") in {"enabled", "adaptive"}:
        only = "`temperature` may only be set to 1 when thinking is enabled."
        _need(temperature in (None, 1), only)
        _need((top_p or 1) >= 0.95, "`top_p` must be >= 0.95 or unset when thinking is enabled.")
        _need("top_k" not in request, "`top_k` must be unset when thinking is enabled.")


def _check_user(metadata: Json) -> None:
    _only(metadata, {"user_id"}, "metadata.")
    user = metadata.get("user_id") or ""
    _need(len(user) <= 256, "metadata.user_id: String should have at most 256 characters")
    _need(not _MAIL.search(user), "user_id appears to contain an email address.")
    _need(not _PHONE.fullmatch(user), "user_id appears to contain a phone number.")


def _check_tools(request: Json) -> None:
    for number, tool in enumerate(request.get("tools", [])):
        path = f"tools.{number}."
        allowed = {"name", "description", "input_schema", "strict", "cache_control", "type"}
        _only(tool, allowed, path)
        _need(_TOOL_NAME.fullmatch(tool.get("name", "")), f"{path}name: invalid")
        schema = tool.get("input_schema", {})
        is_object = isinstance(schema, dict) and schema.get("type") == "object"
        _need(is_object, f"{path}input_schema.type: Field required")
        top = {"anyOf", "oneOf", "allOf"} & set(schema)
        _need(not top, f"{path}input_schema: does not support oneOf, allOf, or anyOf at the top")
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
    kind, version = thinking.get("type"), _version(request)
    if kind in {"enabled", "adaptive"}:
        forced = request.get("tool_choice", {}).get("type") in {"any", "tool"}
        _need(not forced, "Thinking may not be enabled when tool_choice forces tool use.")
        _need(version is None or version >= (3, 7), "this model does not support thinking")
        begun = request["messages"][-1]["role"] == "assistant"
        _need(not begun, "prefilling assistant responses is not supported with thinking")
    if kind == "enabled" and version is not None:
        _need(version < (4, 7), '"thinking.type.enabled" is not supported for this model.')
    if kind == "adaptive" and version is not None:
        _need(version >= (4, 6), "adaptive thinking is not supported on this model")
        effort = request.get("output_config", {}).get("effort", "high")
        _need(effort != "xhigh" or version >= (4, 7), "output_config.effort: invalid")
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
    every_call: list[str] = []
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
        every_call += open_calls
        _need(len(set(every_call)) == len(every_call), "`tool_use` ids must be unique")
    _need(not open_calls, "`tool_use` ids were found without `tool_result` blocks after them")
    end = messages[-1]["content"]
    if messages[-1]["role"] == "assistant" and isinstance(end, list) and end[-1]["type"] == "text":
        trailing = "final assistant content cannot end with trailing whitespace"
        _need(end[-1]["text"] == end[-1]["text"].rstrip(), trailing)


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
        said = isinstance(block["text"], str) and block["text"].strip()
        _need(said, "messages: text content blocks must contain non-whitespace text")
    if kind == "thinking":
        _need(block.get("signature"), f"{path}signature: Field required")
        _need(isinstance(block["thinking"], str), f"{path}thinking: should be a valid string")
    if kind == "tool_use":
        wanted = f"{path}id: String should match pattern '^[a-zA-Z0-9_-]+$'"
        _need(isinstance(block["id"], str) and _TOOL_ID.fullmatch(block["id"]), wanted)
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
