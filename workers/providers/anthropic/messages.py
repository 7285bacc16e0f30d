"""OpenAI's messages as a system prompt and turns of user and assistant that alternate. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from workers.providers.anthropic.content import blocks_of, text_blocks_of
from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]
Blocks = list[Json]

_SYSTEM: Final = ("system", "developer")


def system_and_turns(messages: list[Json]) -> tuple[Blocks, list[Json]]:
    """Return the blocks of the system prompt and the turns. Raises Untranslatable.

    System messages go to the prompt from wherever they stand; neighbours of one role, as are the
    results of parallel tool calls and the user's next message, become one turn.
    """
    system: Blocks = []
    turns: list[Json] = []
    for number, message in enumerate(messages):
        path, role = f"messages[{number}]", message.get("role")
        if role in _SYSTEM:
            system += text_blocks_of(message.get("content"), f"{path}.content")
            continue
        turn = _TURNS.get(str(role))
        if turn is None:
            raise Untranslatable(f"{path}.role", f"'{role}' has no counterpart")
        _add(turns, *turn(message, path))
    if not turns:
        raise Untranslatable("messages", "give at least one message of the user")
    return system, turns


def _add(turns: list[Json], role: str, blocks: Blocks) -> None:
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"] += blocks
    elif blocks:
        turns.append({"role": role, "content": blocks})


def _user(message: Json, path: str) -> tuple[str, Blocks]:
    return "user", blocks_of(message.get("content"), f"{path}.content")


def _tool(message: Json, path: str) -> tuple[str, Blocks]:
    called = message.get("tool_call_id")
    if not called:
        raise Untranslatable(f"{path}.tool_call_id", "is missing")
    content = message.get("content")
    result: Json = {"type": "tool_result", "tool_use_id": called}
    if content:
        result["content"] = (
            content if isinstance(content, str) else blocks_of(content, f"{path}.content")
        )
    return "user", [result]


def _assistant(message: Json, path: str) -> tuple[str, Blocks]:
    if message.get("function_call"):
        raise Untranslatable(f"{path}.function_call", "send 'tool_calls' instead")
    return "assistant", [
        *_thinking(message, path),
        *text_blocks_of(message.get("content"), f"{path}.content"),
        *_tool_uses(message.get("tool_calls") or [], f"{path}.tool_calls"),
    ]


def _thinking(message: Json, path: str) -> Iterator[Json]:
    """Yield what the model thought, as it was given out with its signature.

    The API asks for it unchanged before the tool calls it led to.
    """
    thought = message.get("thinking_blocks") or []
    if not isinstance(thought, list) or not all(isinstance(block, dict) for block in thought):
        raise Untranslatable(f"{path}.thinking_blocks", "must be a list of objects")
    for block in thought:
        # Clients that put a stream together may keep the places of its parts.
        yield {name: value for name, value in block.items() if name != "index"}


def _tool_uses(calls: list[Json], path: str) -> Iterator[Json]:
    for number, call in enumerate(calls):
        function = call.get("function")
        if not isinstance(function, dict):
            raise Untranslatable(f"{path}[{number}]", "must be the call of a function")
        yield {
            "type": "tool_use",
            "id": call.get("id"),
            "name": function.get("name"),
            "input": _input(function.get("arguments"), f"{path}[{number}].function.arguments"),
        }


def _input(arguments: object, path: str) -> Json:
    if not arguments:
        return {}
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Untranslatable(path, "must be a JSON object as a string")
    return value


_TURNS: Final[dict[str, Callable[[Json, str], tuple[str, Blocks]]]] = {
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}
