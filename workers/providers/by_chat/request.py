"""A request of OpenAI's Responses API as a request for a chat. Pure.

As in the dialects that translate chats: what has a counterpart is translated, hints are dropped,
wishes that cannot be met are refused, and fields that OpenAI does not know go on as they are.
https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workers.providers.by_chat.items import messages_of
from workers.providers.by_chat.not_a_chat import NotAChat

Json = dict[str, Any]

#: Fields of both APIs that mean the same.
_SAME: Final = (
    *("model", "temperature", "top_p", "user", "safety_identifier", "service_tier"),
    *("parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention"),
)
_TRANSLATED: Final = frozenset(
    {
        *_SAME,
        *("input", "instructions", "max_output_tokens", "reasoning", "text", "tools"),
        *("tool_choice", "stream"),
    }
)
#: Hints, and what is the gateway's own matter: what is stored, what runs in the background.
_DROPPED: Final = frozenset(
    {
        *("background", "include", "max_tool_calls", "metadata", "store", "stream_options"),
        "truncation",
    }
)
#: What hangs on what a provider has stored, or on what chats do not tell.
_REFUSED: Final[Mapping[str, str]] = {
    "previous_response_id": "nothing is stored there; send the whole conversation as 'input'",
    "conversation": "nothing is stored there; send the whole conversation as 'input'",
    "prompt": "nothing is stored there; send its text as 'instructions' and 'input'",
    "top_logprobs": "there are no log probabilities; leave it out",
}
_LOGPROBS: Final = "message.output_text.logprobs"
_CHOICES: Final = ("auto", "none", "required")


def chat_of(asked: Json) -> Json:
    """Return the chat. Raises NotAChat naming the field."""
    given = {name: value for name, value in asked.items() if value is not None}
    _refuse(given)
    known = _TRANSLATED | _DROPPED | _REFUSED.keys()
    chat = {name: value for name, value in given.items() if name in _SAME or name not in known}
    chat["messages"] = messages_of(given)
    if "max_output_tokens" in given:
        # The older name, which servers of all ages take.
        chat["max_tokens"] = given["max_output_tokens"]
    chat |= _format(given.get("text") or {})
    if effort := (given.get("reasoning") or {}).get("effort"):
        if not isinstance(effort, str):
            raise NotAChat("reasoning.effort", "it must be a string")
        chat["reasoning_effort"] = effort
    chat |= _tools(given)
    if given.get("stream"):
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    return chat


def _refuse(given: Json) -> None:
    for name, cure in _REFUSED.items():
        if given.get(name):
            raise NotAChat(name, cure)
    if _LOGPROBS in given.get("include", ()):
        raise NotAChat("include", "there are no log probabilities; leave them out")


def _format(text: Json) -> Json:
    chat: Json = {"verbosity": text["verbosity"]} if text.get("verbosity") else {}
    wanted = text.get("format")
    if wanted is None:
        return chat
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_schema":
        schema = {name: value for name, value in wanted.items() if name != "type"}
        return chat | {"response_format": {"type": kind, "json_schema": schema}}
    if kind == "json_object":
        return chat | {"response_format": {"type": kind}}
    if kind != "text":
        raise NotAChat("text.format", "its type must be 'text', 'json_schema' or 'json_object'")
    return chat


def _tools(given: Json) -> Json:
    tools = [_tool(tool, f"tools[{n}]") for n, tool in enumerate(given.get("tools") or [])]
    chat: Json = {"tools": tools} if tools else {}
    if "tool_choice" in given and (tools or given["tool_choice"] != "auto"):
        chat["tool_choice"] = _choice(given["tool_choice"])
    return chat


def _tool(tool: Json, path: str) -> Json:
    if tool.get("type") != "function":
        raise NotAChat(f"{path}.type", "only tools of type 'function' are understood")
    if not tool.get("name"):
        raise NotAChat(f"{path}.name", "is missing")
    names = ("name", "description", "parameters", "strict")
    told = {name: tool[name] for name in names if tool.get(name) is not None}
    return {"type": "function", "function": told}


def _choice(wanted: str | Json) -> str | Json:
    if isinstance(wanted, str):
        if wanted in _CHOICES:
            return wanted
    elif wanted.get("type") == "function" and wanted.get("name"):
        return {"type": "function", "function": {"name": wanted["name"]}}
    raise NotAChat("tool_choice", "send 'auto', 'none', 'required' or a function")
