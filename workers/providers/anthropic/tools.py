"""OpenAI's tools and the choice among them as the Messages API's. Pure."""

from __future__ import annotations

from typing import Any, Final

from shared.wire.answers.said import text_of
from workers.providers.anthropic.tool_names import ToolNames
from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]

_CHOICES: Final = {"auto": "auto", "none": "none", "required": "any"}
#: Words of JSON Schema that the API takes inside of a schema only.
_ALTERNATIVES: Final = ("anyOf", "oneOf", "allOf")
#: Types of OpenAI's that the API has nothing for.
_FOREIGN: Final = frozenset(("custom", "allowed_tools"))


def tools_of(given: Json, names: ToolNames) -> list[Json]:
    """Return the tools; those of a type that OpenAI does not know are the API's own."""
    tools = given.get("tools") or []
    return [_tool(tool, f"tools[{number}]", names) for number, tool in enumerate(tools)]


def _tool(tool: Json, path: str, names: ToolNames) -> Json:
    # A `custom` tool of OpenAI's has its definition below that name, one of the API's has not.
    if tool.get("type") == "custom" and "custom" in tool:
        raise Untranslatable(path, "only tools of type 'function' are understood")
    if tool.get("type") != "function":
        return tool
    function = tool.get("function")
    if not isinstance(function, dict) or not function.get("name"):
        raise Untranslatable(f"{path}.function.name", "is missing")
    made: Json = {
        "name": names.sent(function["name"]),
        "input_schema": _schema(function.get("parameters")),
    }
    if function.get("description"):
        made["description"] = function["description"]
    if function.get("strict"):
        made["strict"] = True
    if "cache_control" in tool:
        made["cache_control"] = tool["cache_control"]
    return made


def _schema(parameters: object) -> object:
    """Return the schema of a tool's input: the API wants it to say that it is of an object."""
    if not parameters:
        return {"type": "object", "properties": {}}
    if not isinstance(parameters, dict):
        return parameters
    kind = parameters.get("type")
    if kind is None or (isinstance(kind, list) and "object" in kind):
        parameters = {**parameters, "type": "object"}
    return _flat(parameters)


def _flat(schema: Json) -> Json:
    """Return the schema without alternatives at its top, which the API refuses there.

    What their branches allow stays allowed; that it must be one of them is left out.
    """
    found = [schema[name] for name in _ALTERNATIVES if isinstance(schema.get(name), list)]
    if not found:
        return schema
    branches = [one for branch in found for one in branch if isinstance(one, dict)]
    properties: Json = {}
    for one in (*branches, schema):
        if isinstance(one.get("properties"), dict):
            properties |= one["properties"]
    kept = {name: value for name, value in schema.items() if name not in _ALTERNATIVES}
    return {**kept, "properties": properties}


def tool_choice_of(given: Json, names: ToolNames) -> Json:
    """Return the field `tool_choice` of the request, nothing where its default says the same."""
    wanted = given.get("tool_choice")
    one_at_a_time = given.get("parallel_tool_calls") is False
    if wanted is None and not one_at_a_time:
        return {}
    choice = _choice("auto" if wanted is None else wanted, names)
    if one_at_a_time and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return {"tool_choice": choice}


def _choice(wanted: str | Json, names: ToolNames) -> Json:
    if isinstance(wanted, str):
        if wanted not in _CHOICES:
            raise Untranslatable("tool_choice", "send 'auto', 'none', 'required' or a function")
        return {"type": _CHOICES[wanted]}
    if text_of(wanted.get("type")) in _FOREIGN:
        raise Untranslatable("tool_choice", f"'{wanted['type']}' has no counterpart")
    function = wanted.get("function")
    if not isinstance(function, dict) or not function.get("name"):
        raise Untranslatable("tool_choice.function.name", "is missing")
    return {"type": "tool", "name": names.sent(function["name"])}
