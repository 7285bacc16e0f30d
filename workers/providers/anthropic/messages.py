"""OpenAI's messages as a system prompt and turns of user and assistant that alternate. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from shared.codecs.strict_json import finite
from workers.providers.anthropic.call_ids import CallIds
from workers.providers.anthropic.content import blocks_of, text_blocks_of
from workers.providers.anthropic.fitting import Adjusted
from workers.providers.anthropic.tool_names import ToolNames
from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]
Blocks = list[Json]

_SYSTEM: Final = ("system", "developer")
#: What the user says before an assistant that speaks first: the API wants a turn of the user's.
_BEGINNING: Final = "."


@dataclass(frozen=True, slots=True)
class Calls:
    """How the calls of tools are named: their ids and the tools themselves."""

    names: ToolNames
    ids: CallIds = field(default_factory=CallIds)


def system_and_turns(
    messages: list[Json], names: ToolNames, adjusted: Adjusted
) -> tuple[Blocks, list[Json]]:
    """Return the blocks of the system prompt and the turns. Raises Untranslatable.

    System messages go to the prompt from wherever they stand; neighbours of one role, as are the
    results of parallel tool calls and the user's next message, become one turn.
    """
    system: Blocks = []
    turns: list[Json] = []
    calls = Calls(names)
    for number, message in enumerate(messages):
        path, role = f"messages[{number}]", message.get("role")
        if role in _SYSTEM:
            system += text_blocks_of(message.get("content"), f"{path}.content")
            continue
        turn = _TURNS.get(str(role))
        if turn is None:
            raise Untranslatable(f"{path}.role", f"'{role}' has no counterpart")
        _add(turns, *turn(message, path, calls))
    if not turns:
        raise Untranslatable("messages", "give at least one message of the user")
    _fit(turns, adjusted)
    return system, turns


def _fit(turns: list[Json], adjusted: Adjusted) -> None:
    """Order the turns as the API wants them: a user's first, results before what is said."""
    for turn in turns:
        turn["content"].sort(key=lambda block: block.get("type") != "tool_result")
    if turns[0]["role"] == "assistant":
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": _BEGINNING}]})
        adjusted.note("messages")
    last = turns[-1]["content"][-1]
    is_begun = turns[-1]["role"] == "assistant" and last.get("type") == "text"
    if is_begun and isinstance(last.get("text"), str):
        # What the model is to go on from must not end with blanks.
        last["text"] = last["text"].rstrip()


def _add(turns: list[Json], role: str, blocks: Blocks) -> None:
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"] += blocks
    elif blocks:
        turns.append({"role": role, "content": blocks})


def _user(message: Json, path: str, _calls: Calls) -> tuple[str, Blocks]:
    return "user", blocks_of(message.get("content"), f"{path}.content")


def _tool(message: Json, path: str, calls: Calls) -> tuple[str, Blocks]:
    called = calls.ids.of_result(message.get("tool_call_id"))
    if called is None:
        raise Untranslatable(f"{path}.tool_call_id", "must be the id of a call before it")
    result: Json = {"type": "tool_result", "tool_use_id": called}
    if content := blocks_of(message.get("content"), f"{path}.content"):
        is_text = isinstance(message["content"], str)
        result["content"] = message["content"] if is_text else content
    return "user", [result]


def _assistant(message: Json, path: str, calls: Calls) -> tuple[str, Blocks]:
    if message.get("function_call"):
        raise Untranslatable(f"{path}.function_call", "send 'tool_calls' instead")
    made = message.get("tool_calls") or []
    if made:
        calls.ids.begin_turn()
    return "assistant", [
        *_thinking(message, path),
        *filter(_is_told, text_blocks_of(message.get("content"), f"{path}.content")),
        *_tool_uses(made, f"{path}.tool_calls", calls),
    ]


def _thinking(message: Json, path: str) -> Iterator[Json]:
    """Yield what the model thought, as it was given out with its signature.

    The API asks for it unchanged before the tool calls it led to.
    """
    thought = message.get("thinking_blocks") or []
    if not isinstance(thought, list) or not all(isinstance(block, dict) for block in thought):
        raise Untranslatable(f"{path}.thinking_blocks", "must be a list of objects")
    for block in filter(_is_told, thought):
        # Clients that put a stream together may keep the places of its parts.
        yield {name: value for name, value in block.items() if name != "index"}


def _is_told(block: Json) -> bool:
    """Whether a block can be told to the API: thoughts of other models have no signature."""
    kind = block.get("type")
    if kind == "thinking":
        return isinstance(block.get("thinking"), str) and bool(block.get("signature"))
    return kind != "redacted_thinking" or bool(block.get("data"))


def _tool_uses(made: list[Json], path: str, calls: Calls) -> Iterator[Json]:
    for number, call in enumerate(made):
        function = call.get("function")
        if not isinstance(function, dict):
            raise Untranslatable(f"{path}[{number}]", "must be the call of a function")
        yield {
            "type": "tool_use",
            "id": calls.ids.of_call(call.get("id")),
            "name": calls.names.sent(function.get("name")),
            "input": _input(function.get("arguments"), f"{path}[{number}].function.arguments"),
        }


def _input(arguments: object, path: str) -> Json:
    if isinstance(arguments, dict):
        # As Ollama's own API has them.
        return arguments
    if not arguments:
        return {}
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else None
    except (ValueError, RecursionError):
        raise Untranslatable(path, _WANTED) from None
    if value is None and isinstance(arguments, str):
        # How some models say that there are none.
        return {}
    if not isinstance(value, dict):
        raise Untranslatable(path, _WANTED)
    # Models write NaN, and Python reads it; the API would refuse the request.
    finite_value: Json = finite(value)
    return finite_value


_WANTED: Final = "must be a JSON object as a string"
_TURNS: Final[dict[str, Callable[[Json, str, Calls], tuple[str, Blocks]]]] = {
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
}
