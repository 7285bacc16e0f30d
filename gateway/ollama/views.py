"""Ollama's chats and embeddings, and what its clients ask of models before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from gateway.inference.answer import answer
from gateway.ollama.failures import in_ollamas_words
from gateway.ollama.reading import parse_chat, parse_embed, parse_embeddings
from gateway.waiting.ollama_lines import OllamaChatLines
from shared.api_keys.principal import Principal
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.moments import iso_date
from shared.dtos import catalog, ollama
from shared.errors import ModelNotFound
from shared.providers.provider import Registry
from shared.providers.vision import sees
from shared.store.clock import unix_ms
from shared.wire import ollama_chat
from shared.wire.answers.said import objects
from shared.wire.chat_request import ChatCall

blueprint = Blueprint("ollama_api", __name__)

#: Whose API this is like: clients ask, and refuse what is too old for them.
_VERSION: Final = "0.12.0"
Json = dict[str, Any]


@route(blueprint, catalog.OLLAMA_CHAT, read=partial(read_call, parse_chat))
def chat(call: Call[ChatCall | str]) -> Response:
    """Chat with any model, line by line or whole."""
    asked = call.request
    if isinstance(asked, str):
        return _loaded(call.services.registry, call.principal, asked)
    model = asked.chat.model
    told = answer(call.services, call.principal, asked, lambda _: OllamaChatLines(model))
    return told if told.mimetype == OllamaChatLines.mimetype else _whole(told, model)


@route(blueprint, catalog.OLLAMA_EMBED, read=partial(read_call, parse_embed))
def embed(call: Call[ChatCall]) -> Response:
    """Embed texts."""
    model = call.request.chat.model

    def form(told: Json, duration_ns: int) -> Json:
        count = (told.get("usage") or {}).get("prompt_tokens") or 0
        timing = {"total_duration": duration_ns, "load_duration": 0, "prompt_eval_count": count}
        return {"model": model, "embeddings": _vectors(told), **timing}

    return _translated(answer(call.services, call.principal, call.request), form)


@route(blueprint, catalog.OLLAMA_EMBEDDINGS, read=partial(read_call, parse_embeddings))
def embeddings(call: Call[ChatCall]) -> Response:
    """Embed one text."""
    told = answer(call.services, call.principal, call.request)
    return _translated(told, lambda body, _: {"embedding": next(iter(_vectors(body)), [])})


@route(blueprint, catalog.OLLAMA_TAGS)
def tags(call: Call[ollama.OllamaTags]) -> ollama.OllamaTagsResponse:
    """List the models."""
    names = filter(call.principal.may_use, call.services.registry.models)
    return ollama.OllamaTagsResponse(models=[_tag(name) for name in names])


@route(blueprint, catalog.OLLAMA_SHOW)
def show(call: Call[ollama.OllamaShow]) -> ollama.OllamaShowResponse:
    """Tell what is known of a model."""
    registry, name = call.services.registry, call.request.model or call.request.name
    _check(registry, call.principal, name)
    eyes = ["vision"] if sees(registry, name) else []
    return ollama.OllamaShowResponse(
        details=_DETAILS,
        model_info={"general.basename": name},
        capabilities=["completion", "tools", *eyes],
        modified_at=iso_date(unix_ms()),
    )


@route(blueprint, catalog.OLLAMA_VERSION)
def version(_call: Call[ollama.OllamaVersion]) -> ollama.OllamaVersionResponse:
    """Tell the version."""
    return ollama.OllamaVersionResponse(version=_VERSION)


_DETAILS: Final[Json] = {
    "parent_model": "",
    "format": "",
    "family": "",
    "families": [],
    "parameter_size": "",
    "quantization_level": "",
}


def _tag(name: str) -> ollama.OllamaTag:
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    moment = iso_date(unix_ms())
    return ollama.OllamaTag(
        name=name, model=name, modified_at=moment, digest=digest, details=_DETAILS
    )


def _check(registry: Registry, principal: Principal, name: str) -> None:
    if not (principal.may_use(name) and name in registry.models):
        raise ModelNotFound(f"model '{name}' not found", field="model")


def _loaded(registry: Registry, principal: Principal, model: str) -> Response:
    """Answer a chat without messages, by which Ollama's clients have a model loaded."""
    _check(registry, principal, model)
    message = {"role": "assistant", "content": ""}
    end = {"done": True, "done_reason": "load"}
    return JsonResponse(to_json_bytes({**_head(model), "message": message, **end}))


def _whole(told: Response, model: str) -> Response:
    def form(body: Json, duration_ns: int) -> Json:
        finish = next(iter(objects(body.get("choices"))), {}).get("finish_reason")
        end = ollama_chat.end_of(finish, body.get("usage"), duration_ns)
        return {**_head(model), "message": ollama_chat.message_of(body), **end}

    return _translated(told, form)


def _translated(told: Response, form: Callable[[Json, int], Json]) -> Response:
    """Return an answer in Ollama's words; `form` gets it and how long it took (nanoseconds)."""
    if told.status_code != 200:  # noqa: PLR2004 - all is well
        return in_ollamas_words(told)
    took_ms = int(told.headers.get("openai-processing-ms", 0))
    told.set_data(to_json_bytes(form(json.loads(told.get_data()), took_ms * 1_000_000)))
    return told


def _head(model: str) -> Json:
    return {"model": model, "created_at": iso_date(unix_ms())}


def _vectors(told: Json) -> list[Any]:
    return [row.get("embedding") for row in told.get("data") or ()]
