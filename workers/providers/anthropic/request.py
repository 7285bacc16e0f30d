"""OpenAI's chat request as a request of the Messages API. Pure.

Three kinds of fields: those with a counterpart are translated; hints that an answer may leave out
of account are dropped; those whose wish cannot be met are refused. All others, which OpenAI does
not know, go on as they are: the API's own (`thinking`, `top_k`, `cache_control`, …).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from workers.providers.anthropic import thinking
from workers.providers.anthropic.fitting import (
    Adjusted,
    fit_sampling,
    opaque_user,
    visible_stops,
)
from workers.providers.anthropic.messages import system_and_turns
from workers.providers.anthropic.models import traits_of
from workers.providers.anthropic.tool_names import ToolNames
from workers.providers.anthropic.tools import tool_choice_of, tools_of
from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]

#: The API wants a limit; a client that gave none gets this one, and its budget of thinking on top.
DEFAULT_MAX_TOKENS: Final = 4096

_TRANSLATED: Final = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "parallel_tool_calls",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "service_tier",
        "stop",
        "temperature",
        "tool_choice",
        "tools",
        "user",
    }
)
#: Hints: an answer that does not follow them is still an answer to the question.
_DROPPED: Final = frozenset(
    {
        "metadata",
        "modalities",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_retention",
        "seed",
        "store",
        "stream_options",
        "verbosity",
    }
)
#: Wishes that cannot be met, by their field: the values that wish for nothing, and what to do.
_REFUSED: Final[Mapping[str, tuple[tuple[object, ...], str]]] = {
    "n": ((1,), "only one choice is made; leave it out or send 1"),
    "logprobs": ((False,), "there are no log probabilities; leave it out"),
    "top_logprobs": ((0,), "there are no log probabilities; leave it out"),
    "logit_bias": (({},), "tokens cannot be biased; leave it out"),
    "frequency_penalty": ((0,), "there is no such penalty; leave it out"),
    "presence_penalty": ((0,), "there is no such penalty; leave it out"),
    "audio": ((), "no audio is made; leave it out"),
    "web_search_options": ((), "give the API's own web search among the tools"),
    "functions": (([],), "send 'tools' instead"),
    "function_call": (("auto", "none"), "send 'tool_choice' instead"),
}


@dataclass(frozen=True, slots=True)
class Translation:
    """The request, the client's fields that it could not follow to the letter, its tools' names."""

    request: Json
    adjusted: tuple[str, ...] = ()
    names: ToolNames = field(default_factory=ToolNames)


def to_messages_request(chat: Json) -> Translation:
    """Return the request. Raises Untranslatable naming the field."""
    given = {name: value for name, value in chat.items() if value is not None}
    _refuse(given)
    adjusted, names = Adjusted(), ToolNames()
    known = _TRANSLATED | _DROPPED | _REFUSED.keys()
    request = {name: value for name, value in given.items() if name not in known}
    system, turns = system_and_turns(given["messages"], names, adjusted)
    request["messages"] = turns
    request["max_tokens"] = _max_tokens(given) or DEFAULT_MAX_TOKENS
    request |= _sampling(given, adjusted)
    if system:
        request["system"] = system
    if tools := tools_of(given, names):
        request["tools"] = tools
        request |= tool_choice_of(given, names)
    request |= _about_the_user(given, adjusted)
    _ask_to_think(request, given, adjusted)
    fit_sampling(request, traits_of(str(given.get("model", ""))), adjusted)
    return Translation(request, adjusted.names, names)


def _ask_to_think(request: Json, given: Json, adjusted: Adjusted) -> None:
    output = _output_format(given.get("response_format"))
    limit_is_given = _max_tokens(given) is not None
    if "thinking" in request:
        thinking.own(request, adjusted, limit_is_given=limit_is_given)
    else:
        effort = given.get("reasoning_effort")
        asked = thinking.settings(effort, request, adjusted, limit_is_given=limit_is_given)
        output |= asked.pop("output_config", {})
        request |= asked
    own = request.get("output_config", {})
    if output and isinstance(own, dict):
        request["output_config"] = own | output


def _refuse(given: Json) -> None:
    for name, (harmless, cure) in _REFUSED.items():
        if name in given and given[name] not in harmless:
            raise Untranslatable(name, cure)
    if "audio" in given.get("modalities", ()):
        raise Untranslatable("modalities", "no audio is made; leave it out")


def _max_tokens(given: Json) -> int | None:
    limit: int | None = given.get("max_completion_tokens", given.get("max_tokens"))
    return limit


def _sampling(given: Json, adjusted: Adjusted) -> Json:
    fields: Json = {}
    if "temperature" in given:
        # OpenAI's goes to 2, the API's to 1.
        fields["temperature"] = min(1, max(0, given["temperature"]))
        if fields["temperature"] != given["temperature"]:
            adjusted.note("temperature")
    if (stop := given.get("stop")) and (stops := visible_stops(stop, adjusted)):
        fields["stop_sequences"] = stops
    return fields


def _about_the_user(given: Json, adjusted: Adjusted) -> Json:
    fields: Json = {}
    if user := opaque_user(given, adjusted):
        fields["metadata"] = {"user_id": user}
    tier = {"auto": "auto", "default": "standard_only"}.get(given.get("service_tier", ""))
    return fields | ({"service_tier": tier} if tier else {})


def _output_format(wanted: Json | None) -> Json:
    kind = wanted.get("type") if wanted else "text"
    if kind == "text":
        return {}
    schema = (wanted or {}).get("json_schema") or {}
    if (
        kind == "json_schema"
        and isinstance(schema, dict)
        and isinstance(schema.get("schema"), dict)
    ):
        return {"format": {"type": "json_schema", "schema": schema["schema"]}}
    raise Untranslatable("response_format", "send the type 'json_schema' with a schema, or 'text'")
