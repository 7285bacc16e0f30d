"""The names of a chat request: where they stand, and how each spelling becomes OpenAI's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.codecs.json_text import Edit, RepeatedNames, elements, members, removals
from shared.errors import ValidationFailed

#: Names that are the gateway's only beside this one (folded): alone they may be a provider's.
_BESIDE = {"maxParallel": "flowkey", "rate": "flowkey"}


class Field(NamedTuple):
    """A known name: its one spelling, what stands below it, and whether it is the gateway's own.

    `shape` None means that the value is opaque: nothing in it is ever looked at or changed.
    """

    name: str
    shape: Shape | None
    ours: bool
    #: The folded name that must stand beside it for it to be ours.
    beside: str = ""


class Shape:
    """The known names of an object, or of each object in an array."""

    __slots__ = ("_by_folded", "by_name")

    def __init__(self, *opaque: str, ours: tuple[str, ...] = (), **below: Shape) -> None:
        known = [
            Field(name, None, name in ours, _BESIDE.get(name, "")) for name in (*opaque, *ours)
        ]
        known += [Field(name, shape, False) for name, shape in below.items()]  # noqa: FBT003
        self.by_name: Mapping[str, Field] = {field.name: field for field in known}
        self._by_folded = {fold(field.name): field for field in known}

    def also(self, name: str, of: str) -> Shape:
        """Return the shape in which this name means that field, too."""
        self._by_folded[fold(name)] = self.by_name[of]
        return self

    def find(self, name: str) -> Field | None:
        """Return the field that this name means, in whatever spelling."""
        return self._by_folded.get(fold(name))


@dataclass(frozen=True, slots=True)
class Changes:
    """What must change in the text of an object or array, by its names and indexes as written.

    `names` tells the new name of a member, None to take it out; `below` the changes in its value.
    """

    names: dict[str, str | None] = field(default_factory=dict)
    below: dict[str | int, Changes] = field(default_factory=dict)


def fold(name: str) -> str:
    """Return what PascalCase, camelCase and snake_case of one name have in common."""
    # Other alphabets stay as they are: the Kelvin sign's lower case would be an ASCII "k".
    return name.replace("_", "").lower() if name.isascii() else name


def find_changes(value: object, shape: Shape, path: str = "") -> Changes | None:
    """Return what must change so that known names have their one spelling; None for nothing.

    The value itself, as json_text parsed it, gets these spellings; what the text must lose stays in
    it. Raises ValidationFailed for a field that is given twice.
    """
    if isinstance(value, dict):
        return _find_in_object(value, shape, path)
    if isinstance(value, list):
        return _find_in_array(value, shape, path)
    return None


def edits(text: str, start: int, changes: Changes) -> list[Edit]:
    """Return the edits that make those changes in the object or array beginning at `start`."""
    if text[start] == "[":
        items = elements(text, start)
        return [
            edit
            for index, below in changes.below.items()
            if isinstance(index, int)
            for edit in edits(text, items[index].start, below)
        ]
    return _object_edits(text, start, changes)


def _object_edits(text: str, start: int, changes: Changes) -> list[Edit]:
    of = members(text, start)
    out = {name for name, new in changes.names.items() if new is None}
    found = removals(of, out) if out else []
    for member in of:
        if new := changes.names.get(member.name):
            found.append(Edit(member.start, member.name_end, f'"{new}"'))
        if below := changes.below.get(member.name):
            found += edits(text, member.value_start, below)
    return found


def _find_in_array(values: list[object], shape: Shape, path: str) -> Changes | None:
    below: dict[str | int, Changes] = {}
    for index, value in enumerate(values):
        if isinstance(value, dict):
            found = _find_in_object(value, shape, f"{path}[{index}]")
            if found:
                below[index] = found
    return Changes(below=below) if below else None


def _find_in_object(value: dict[str, object], shape: Shape, path: str) -> Changes | None:
    if isinstance(value, RepeatedNames):
        raise _given_twice(shape, value.repeated(), path)
    by_name = shape.by_name
    fields = [
        (name, known)
        for name, held in value.items()
        if (known := by_name.get(name) or shape.find(name))
        and not (known.ours and _is_anothers(known, held, value))
    ]
    below: dict[str | int, Changes] = {}
    for name, known in fields:
        if known.shape and type(value[name]) is not str:
            found = find_changes(value[name], known.shape, _join(path, known.name))
            if found:
                below[name] = found
    names = _find_names(fields)
    if names:
        _respell(value, shape, names, path)
    return Changes(names, below) if names or below else None


def _is_anothers(known: Field, held: object, siblings: dict[str, object]) -> bool:
    """Whether a field that might be the gateway's is meant for the provider, and goes to it."""
    # vLLM's is a number.
    if known.name == "priority" and not isinstance(held, str):
        return True
    # The gateway's fields hold texts and numbers: an object is OpenRouter's `provider`, for one.
    if isinstance(held, dict):
        return True
    return bool(known.beside) and not any(fold(name) == known.beside for name in siblings)


def _find_names(fields: list[tuple[str, Field]]) -> dict[str, str | None]:
    return {
        name: None if known.ours else known.name
        for name, known in fields
        if known.ours or name != known.name
    }


def _respell(
    value: dict[str, object], shape: Shape, names: dict[str, str | None], path: str
) -> None:
    for name in names:
        known = shape.find(name)
        if known and known.name != name:
            if known.name in value:
                raise _given_twice(shape, name, path)
            value[known.name] = value.pop(name)


def _given_twice(shape: Shape, name: str, path: str) -> ValidationFailed:
    known = shape.find(name)
    # A name that is not ours can hold anything, also what no answer could be encoded with.
    where = _join(path, known.name if known else json.dumps(name)[1:-1][:100])
    return ValidationFailed(f"{where} is given more than once; send it once", field=where)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_NAMED_FUNCTION = Shape("name", "arguments")
_DEFINED_FUNCTION = Shape("name", "description", "parameters", "strict")

_CONTENT_PART = Shape(
    "type",
    "text",
    "refusal",
    image_url=Shape("url", "detail"),
    input_audio=Shape("data", "format"),
    file=Shape("file_data", "file_id", "filename"),
)

_MESSAGE = Shape(
    "role",
    "name",
    "refusal",
    "tool_call_id",
    content=_CONTENT_PART,
    audio=Shape("id"),
    annotations=Shape("type", url_citation=Shape("end_index", "start_index", "title", "url")),
    function_call=_NAMED_FUNCTION,
    tool_calls=Shape(
        "id", "index", "type", function=_NAMED_FUNCTION, custom=Shape("name", "input")
    ),
)

_TOOL = Shape(
    "type",
    function=_DEFINED_FUNCTION,
    custom=Shape(
        "name",
        "description",
        format=Shape("type", grammar=Shape("syntax", "definition")),
    ),
)

_NAMED_TOOL = Shape("type", function=Shape("name"), custom=Shape("name"))

_TOOL_CHOICE = Shape(
    "type",
    function=Shape("name"),
    custom=Shape("name"),
    allowed_tools=Shape("mode", tools=_NAMED_TOOL),
)

#: The gateway's own fields, in the spelling of AI Server's DTOs.
GATEWAY_FIELDS = (
    *("refId", "provider", "tag", "replyTo", "timeoutSecs", "runAfter"),
    *("flowKey", "maxParallel", "rate", "groupId", "priority"),
)

#: https://platform.openai.com/docs/api-reference/chat/create, and the gateway's fields beside it.
CHAT_COMPLETION = Shape(
    "model",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "modalities",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning_effort",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "temperature",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    ours=GATEWAY_FIELDS,
    messages=_MESSAGE,
    audio=Shape("format", voice=Shape("id")),
    function_call=Shape("name"),
    functions=_DEFINED_FUNCTION,
    prediction=Shape("type", content=_CONTENT_PART),
    # AI Server's DTO calls the type in it `response_format` again.
    response_format=Shape(
        "type", json_schema=Shape("name", "description", "schema", "strict")
    ).also("response_format", of="type"),
    stream_options=Shape("include_usage", "include_obfuscation"),
    tool_choice=_TOOL_CHOICE,
    tools=_TOOL,
    web_search_options=Shape(
        "search_context_size",
        user_location=Shape("type", approximate=Shape("city", "country", "region", "timezone")),
    ),
)

#: AI Server's QueueOpenAiChatCompletion: a chat request in an envelope.
QUEUE_CHAT_COMPLETION = Shape(ours=GATEWAY_FIELDS, request=CHAT_COMPLETION)
