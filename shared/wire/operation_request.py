"""The other requests of OpenAI's API as clients send them: completions, embeddings, responses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter

from shared.codecs.json_text import parse_document
from shared.errors import ValidationFailed
from shared.operation import Operation
from shared.wire import chat_validation, naming, operation_shapes, operation_validation
from shared.wire.chat_request import ChatCall, read_call


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a request of one operation is read."""

    shape: naming.Shape
    schema: TypeAdapter[Any]


_KINDS: Final = {
    Operation.COMPLETION: _Kind(operation_shapes.COMPLETION, operation_validation.COMPLETION),
    Operation.EMBEDDING: _Kind(operation_shapes.EMBEDDING, operation_validation.EMBEDDING),
    Operation.RESPONSE: _Kind(operation_shapes.RESPONSE, operation_validation.RESPONSE),
}


@dataclass(frozen=True, slots=True)
class ResponseCall:
    """A request for a response. `previous` is the id of the response that it continues."""

    call: ChatCall
    is_background: bool
    previous: str | None


def parse_completion(raw: bytes) -> ChatCall:
    """Read a request for a text completion. Raises MalformedJson, ValidationFailed."""
    return _parse(raw, Operation.COMPLETION)[0]


def parse_embedding(raw: bytes) -> ChatCall:
    """Read a request for embeddings. Raises MalformedJson, ValidationFailed."""
    call, _ = _parse(raw, Operation.EMBEDDING)
    # There is no stream of embeddings, whatever the body says.
    return replace(call, chat=replace(call.chat, stream=False))


def parse_response(raw: bytes) -> ResponseCall:
    """Read a request for a response. Raises MalformedJson, ValidationFailed.

    The model may be left out, and is then empty, where all is left to what the provider has
    stored: a prompt carries its model. Who gives an input of their own must say who shall get it.
    """
    call, fields = _parse(raw, Operation.RESPONSE)
    if not call.chat.model and "input" in fields and not fields.get("prompt"):
        raise ValidationFailed("model is required", field="model")
    return ResponseCall(
        call, fields.get("background") is True, fields.get("previous_response_id") or None
    )


def _parse(raw: bytes, operation: Operation) -> tuple[ChatCall, dict[str, Any]]:
    kind = _KINDS[operation]
    text, value = parse_document(raw)
    changes = naming.find_changes(value, kind.shape)
    chat_validation.validate(value, kind.schema)
    return read_call(text, value, changes, operation)
