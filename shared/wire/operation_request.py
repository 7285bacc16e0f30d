"""The other requests of OpenAI's API as clients send them: texts, vectors, pictures, speech."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter

from shared.codecs.json_text import parse_document
from shared.errors import ValidationFailed
from shared.media.request import refuse_our_names
from shared.operation import Operation
from shared.wire import chat_validation, naming, operation_shapes, operation_validation
from shared.wire.chat_request import ChatCall, read_call, with_whole


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a request of one operation is read."""

    shape: naming.Shape
    schema: TypeAdapter[Any]


#: What texts are judged by unless their request says more.
MODERATION_MODEL: Final = "omni-moderation-latest"

_KINDS: Final = {
    Operation.COMPLETION: _Kind(operation_shapes.COMPLETION, operation_validation.COMPLETION),
    Operation.EMBEDDING: _Kind(operation_shapes.EMBEDDING, operation_validation.EMBEDDING),
    Operation.MODERATION: _Kind(operation_shapes.MODERATION, operation_validation.MODERATION),
    Operation.IMAGE: _Kind(operation_shapes.IMAGE, operation_validation.IMAGE),
    Operation.IMAGE_EDIT: _Kind(operation_shapes.IMAGE_EDIT, operation_validation.IMAGE_EDIT),
    Operation.SPEECH: _Kind(operation_shapes.SPEECH, operation_validation.SPEECH),
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


def parse_moderation(raw: bytes) -> ChatCall:
    """Read a request for a judgement of texts or pictures. Raises MalformedJson, ValidationFailed.

    The model may be left out, and is then the one that OpenAI takes.
    """
    call, fields = _parse(raw, Operation.MODERATION)
    chat = replace(call.chat, stream=False)
    if fields.get("model"):
        return replace(call, chat=chat)
    return replace(call, chat=replace(chat, model=MODERATION_MODEL))


def parse_media(operation: Operation, raw: bytes) -> ChatCall:
    """Read a request in JSON for pictures or speech. Raises MalformedJson, ValidationFailed."""
    call, fields = _parse(raw, operation)
    refuse_our_names(fields)
    return call


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
    whole = chat_validation.validate(value, kind.schema)
    call, fields = read_call(text, value, changes, operation)
    return with_whole(call, whole), fields
