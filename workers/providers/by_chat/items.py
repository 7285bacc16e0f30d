"""The items of a response's input as the messages of a chat. Pure.

https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from workers.providers.by_chat.not_a_chat import NotAChat
from workers.providers.by_chat.thoughts import opened

Json = dict[str, Any]

_ROLES: Final = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    # Older servers know no developers.
    "developer": "system",
}
_AN_ID: Final = "nothing is stored there; send what it stands for"


def messages_of(given: Json) -> list[Json]:
    """Return the messages: the instructions first, then the input. Raises NotAChat."""
    messages: list[Json] = []
    if given.get("instructions"):
        messages.append({"role": "system", "content": given["instructions"]})
    asked = given.get("input", [])
    if isinstance(asked, str):
        return [*messages, {"role": "user", "content": asked}]
    for number, item in enumerate(asked):
        path, kind = f"input[{number}]", item.get("type") or "message"
        add = _ITEMS.get(str(kind))
        if add is None:
            raise NotAChat(f"{path}.type", f"'{kind}' has no counterpart")
        add(messages, item, path)
    if all(message["role"] == "system" for message in messages):
        raise NotAChat("input", "is missing")
    return messages


def _message(messages: list[Json], item: Json, path: str) -> None:
    role = _ROLES.get(str(item.get("role")))
    if role is None:
        raise NotAChat(f"{path}.role", "must be 'user', 'assistant', 'system' or 'developer'")
    content = _content(item.get("content"), f"{path}.content")
    last = messages[-1] if messages else {}
    if role == "assistant" and last.get("role") == role and "content" not in last:
        # What it thought before it spoke; after calls of tools comes a message of its own.
        last["content"] = content
    else:
        messages.append({"role": role, "content": content})


def _call(messages: list[Json], item: Json, _path: str) -> None:
    """Add a call to the turn of the assistant that it belongs to."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    call = {"id": item.get("call_id"), "type": "function", "function": function}
    messages[-1].setdefault("content", None)
    messages[-1].setdefault("tool_calls", []).append(call)


def _result(messages: list[Json], item: Json, path: str) -> None:
    told = _content(item.get("output"), f"{path}.output")
    messages.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": told})


def _thought(messages: list[Json], item: Json, _path: str) -> None:
    """Add what was thought, if it is from here: that of others nobody else can read."""
    if blocks := opened(item.get("encrypted_content")):
        messages.append({"role": "assistant", "thinking_blocks": blocks})


_ITEMS: Final[dict[str, Callable[[list[Json], Json, str], None]]] = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _result,
    "reasoning": _thought,
}


def _content(content: object, path: str) -> str | list[Json]:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise NotAChat(path, "must be a string or a list of parts")
    return [_part(part, f"{path}[{number}]") for number, part in enumerate(content)]


def _part(part: object, path: str) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    translate = _PARTS.get(str(kind))
    if translate is None or not isinstance(part, dict):
        raise NotAChat(f"{path}.type", f"'{kind}' has no counterpart")
    return translate(part, path)


def _text(part: Json, _path: str) -> Json:
    return {"type": "text", "text": part.get("text")}


def _refusal(part: Json, _path: str) -> Json:
    return {"type": "refusal", "refusal": part.get("refusal")}


def _image(part: Json, path: str) -> Json:
    url = part.get("image_url")
    if not isinstance(url, str) or not url:
        raise NotAChat(f"{path}.image_url", f"must be a URL; {_AN_ID}")
    detail = {"detail": part["detail"]} if part.get("detail") else {}
    return {"type": "image_url", "image_url": {"url": url, **detail}}


def _file(part: Json, path: str) -> Json:
    if not part.get("file_data"):
        raise NotAChat(f"{path}.file_data", f"must be the file's bytes; {_AN_ID}")
    names = ("file_data", "filename")
    return {"type": "file", "file": {name: part[name] for name in names if part.get(name)}}


def _audio(part: Json, _path: str) -> Json:
    return {"type": "input_audio", "input_audio": part.get("input_audio")}


_PARTS: Final[dict[str, Callable[[Json, str], Json]]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}
