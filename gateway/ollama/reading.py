"""Reads the calls of Ollama's clients as calls of OpenAI's API, which all providers answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.json_text import parse_document
from shared.dtos.ollama import OllamaChat, OllamaEmbed, OllamaEmbeddings
from shared.errors import ValidationFailed
from shared.wire import ollama_chat
from shared.wire.chat_request import ChatCall, parse_chat_completion
from shared.wire.operation_request import parse_embedding

#: What the gateway itself is told.
_OURS: Final = (
    *("refId", "provider", "tag", "replyTo", "timeoutSecs", "runAfter"),
    *("flowKey", "maxParallel", "rate", "groupId", "priority"),
)


def parse_chat(raw: bytes) -> ChatCall | str:
    """Read a chat; the name of the model alone where no messages come: Ollama loads it then.

    Raises MalformedJson, and ValidationFailed with the field.
    """
    asked = _object(raw, OllamaChat)
    if not asked["messages"]:
        return str(asked["model"])
    return parse_chat_completion(to_json_bytes(ollama_chat.to_chat(asked) | _ours(asked)))


def parse_embed(raw: bytes) -> ChatCall:
    """Read a call for embeddings of one text or several. Raises as `parse_chat` does."""
    asked = _object(raw, OllamaEmbed)
    wanted = {name: asked[name] for name in ("model", "input", "dimensions") if name in asked}
    return _embedding(wanted | _ours(asked))


def parse_embeddings(raw: bytes) -> ChatCall:
    """Read a call for the embedding of one text. Raises as `parse_chat` does."""
    asked = _object(raw, OllamaEmbeddings)
    return _embedding({"model": asked["model"], "input": asked["prompt"]} | _ours(asked))


def _embedding(wanted: dict[str, Any]) -> ChatCall:
    call = parse_embedding(to_json_bytes({"encoding_format": "float", **wanted}))
    return replace(call, chat=replace(call.chat, stream=False))


def _object(raw: bytes, dto: type[OllamaChat | OllamaEmbed | OllamaEmbeddings]) -> dict[str, Any]:
    """Return the request by the names of its fields, without those that are not given."""
    _, value = parse_document(raw)
    if not isinstance(value, dict):
        raise ValidationFailed("The body must be a JSON object.")
    return dto.bind(value).model_dump(by_alias=True, exclude_none=True)


def _ours(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in _OURS if name in asked}
