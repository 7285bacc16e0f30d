"""Ollama's chats and embeddings in OpenAI's words, and the answers in Ollama's. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.codecs.strict_json import finite
from shared.wire.answers.finish_reasons import usual_reason
from shared.wire.answers.said import object_of, objects, said_in, text_of, thought_in

Json = dict[str, Any]

#: Options that OpenAI's API has, by Ollama's names.
_OPTIONS: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "num_predict": "max_tokens",
}
#: How the base64 of each kind of picture begins.
_PICTURES: Final = {"/9j/": "jpeg", "iVBOR": "png", "R0lG": "gif", "UklGR": "webp"}
_EFFORTS: Final = ("low", "medium", "high")


def to_chat(asked: Json) -> Json:
    """Return the chat request that this one of Ollama's is; it streams unless it says no."""
    chat: Json = {"model": asked["model"], "messages": list(_messages(asked["messages"]))}
    if asked.get("stream") is not False:
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    if asked.get("tools"):
        chat["tools"] = asked["tools"]
    if asked.get("format"):
        chat["response_format"] = _format(asked["format"])
    if asked.get("think") in _EFFORTS:
        chat["reasoning_effort"] = asked["think"]
    return chat | _options(asked.get("options") or {})


def _format(wanted: str | Json) -> Json:
    if isinstance(wanted, str):
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wanted}}


def _options(told: Json) -> Json:
    own = {_OPTIONS[name]: value for name, value in told.items() if name in _OPTIONS}
    most = own.get("max_tokens")
    is_flag = isinstance(most, bool)
    if isinstance(most, int | float) and not is_flag and most <= 0:
        # Ollama's word for: as many as it likes.
        del own["max_tokens"]
    return own


def _messages(told: Sequence[Json]) -> Iterator[Json]:
    """Give the messages; calls of tools get ids, which Ollama does not have, and results theirs."""
    pending: list[tuple[str, str]] = []
    made = 0
    for one in told:
        message: Json = {"role": one["role"], "content": _content(one)}
        if calls := one.get("tool_calls"):
            message["tool_calls"] = []
            for call in calls:
                made += 1
                name, call_id = _named(call), str(call.get("id") or f"call_{made}")
                pending.append((name, call_id))
                message["tool_calls"].append(_call(call, name, call_id))
        if one["role"] == "tool":
            message["tool_call_id"] = one.get("tool_call_id") or _answered(one, pending)
        yield message


def _content(one: Json) -> Any:
    if not one.get("images"):
        return one.get("content") or ""
    text = [{"type": "text", "text": one["content"]}] if one.get("content") else []
    return [*text, *({"type": "image_url", "image_url": {"url": _url(p)}} for p in one["images"])]


def _url(picture: str) -> str:
    if picture.startswith("data:"):
        return picture
    kind = next((kind for begin, kind in _PICTURES.items() if picture.startswith(begin)), "png")
    return f"data:image/{kind};base64,{picture}"


def _named(call: Json) -> str:
    function = call.get("function")
    return str(function.get("name", "")) if isinstance(function, dict) else ""


def _call(call: Json, name: str, call_id: str) -> Json:
    function = call.get("function")
    given = function.get("arguments") if isinstance(function, dict) else None
    text = given if isinstance(given, str) else json.dumps(given or {})
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": text}}


def _answered(one: Json, pending: list[tuple[str, str]]) -> str:
    """Return the id of the call that this is the result of: that of its tool, or the oldest."""
    wanted = one.get("tool_name")
    found = next((pair for pair in pending if pair[0] == wanted), None)
    found = found or (pending[0] if pending else ("", "call_0"))
    if found in pending:
        pending.remove(found)
    return found[1]


def message_of(chat: Json) -> Json:
    """Return the message of a chat's answer as Ollama writes it."""
    choice = next(iter(objects(chat.get("choices"))), {})
    told = object_of(choice.get("message"))
    content = said_in(told) or text_of(told.get("refusal"))
    message: Json = {"role": "assistant", "content": content}
    if thinking := thought_in(told):
        message["thinking"] = thinking
    if calls := objects(told.get("tool_calls")):
        message["tool_calls"] = [tool_call(call) for call in calls]
    return message


def tool_call(call: Json) -> Json:
    """Return a call of a tool, with its arguments as an object."""
    function = object_of(call.get("function"))
    given = function.get("arguments") or "{}"
    try:
        # Models write NaN, and Python reads it; JSON has none.
        arguments = finite(json.loads(given) if isinstance(given, str) else given)
    except (ValueError, RecursionError):
        arguments = {}
    arguments = arguments if isinstance(arguments, dict) else {}
    return {"function": {"name": function.get("name", ""), "arguments": arguments}}


def end_of(finish_reason: object, usage: object, duration_ns: int) -> Json:
    """Return what the last line of an answer says beside its message."""
    counts = object_of(usage)
    return {
        "done": True,
        "done_reason": "length" if usual_reason(finish_reason) == "length" else "stop",
        "total_duration": duration_ns,
        "load_duration": 0,
        "prompt_eval_count": counts.get("prompt_tokens") or 0,
        "prompt_eval_duration": 0,
        "eval_count": counts.get("completion_tokens") or 0,
        "eval_duration": duration_ns,
    }
