"""Ollama's generate request as clients send it: their text, but for the gateway's own fields.

https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Required

from pydantic import Tag, TypeAdapter

from shared.codecs.json_text import Edit, members, parse_document, splice
from shared.operation import Operation
from shared.wire import naming
from shared.wire.chat_request import ChatCall, read_call, read_envelope
from shared.wire.chat_validation import (
    GatewayFields,
    ModelName,
    Object,
    TextOrObject,
    Texts,
    validate,
)
from shared.wire.naming import GATEWAY_FIELDS, Shape

_GENERATION: Final = Shape(
    "model",
    "prompt",
    "suffix",
    "images",
    "format",
    "options",
    "system",
    "template",
    "context",
    "stream",
    "raw",
    "think",
    "keep_alive",
    ours=GATEWAY_FIELDS,
)
_ENVELOPE: Final = Shape(ours=GATEWAY_FIELDS, request=_GENERATION)


class _Generation(GatewayFields, total=False):
    model: Required[ModelName]

    prompt: str | None
    suffix: str | None
    images: Texts | None
    format: TextOrObject | None
    options: Object | None
    system: str | None
    template: str | None
    context: list[int] | None
    stream: bool | None
    raw: bool | None
    think: Annotated[bool, Tag("<flag>")] | Annotated[str, Tag("<text>")] | None
    keep_alive: Annotated[float, Tag("<number>")] | Annotated[str, Tag("<text>")] | None


class _QueueGeneration(GatewayFields, total=False):
    request: Required[_Generation]


_GENERATION_SCHEMA: TypeAdapter[Any] = TypeAdapter(_Generation)
_ENVELOPE_SCHEMA: TypeAdapter[Any] = TypeAdapter(_QueueGeneration)


def parse_generation(raw: bytes, *, can_stream: bool) -> ChatCall:
    """Read a generation with the gateway's fields at its top level.

    With `can_stream` it streams unless it says no, which is Ollama's default; without, it does not.
    Raises MalformedJson, and ValidationFailed with the field.
    """
    text, value = parse_document(raw)
    changes = naming.find_changes(value, _GENERATION)
    validate(value, _GENERATION_SCHEMA)
    call, fields = read_call(text, value, changes, Operation.OLLAMA_GENERATE)
    return _streaming(call, can_stream and fields.get("stream") is not False)


def parse_queue_generation(raw: bytes) -> ChatCall:
    """Read a generation in AI Server's envelope; the envelope's fields win over the request's.

    Raises MalformedJson, and ValidationFailed with the field.
    """
    text, value = parse_document(raw)
    changes = naming.find_changes(value, _ENVELOPE)
    validate(value, _ENVELOPE_SCHEMA)
    call = read_envelope(text, value, changes, Operation.OLLAMA_GENERATE)
    return _streaming(call, False)  # noqa: FBT003


def _streaming(call: ChatCall, stream: bool) -> ChatCall:  # noqa: FBT001
    """Return the call with `stream` in its body, as what is absent means true to Ollama."""
    body = _with_stream(call.chat.body, "true" if stream else "false")
    return replace(call, chat=replace(call.chat, body=body, stream=stream))


def _with_stream(body: str, value: str) -> str:
    for member in members(body):
        if member.name == "stream":
            return splice(body, [Edit(member.value_start, member.end, value)])
    start = body.index("{") + 1
    return splice(body, [Edit(start, start, f'"stream":{value},')])
