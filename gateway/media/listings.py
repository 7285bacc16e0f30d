"""What there is for pictures and sound, as AI Server lists it: models, types, voices."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from gateway.media.models import models_for
from gateway.providers import query as query_db
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.dtos import catalog
from shared.dtos.media import listings as dtos
from shared.media.engines import ENGINES, OPENAI_VOICES
from shared.operation import MEDIA, OPERATIONS_BY_TYPE, Operation

blueprint = Blueprint("media_listings", __name__)

#: AI Server's names of what a model can be asked.
_TASKS: Final = {
    Operation.IMAGE: "TextToImage",
    Operation.IMAGE_EDIT: "ImageToImage",
    Operation.IMAGE_UPSCALE: "ImageUpscale",
    Operation.IMAGE_TO_TEXT: "ImageToText",
    Operation.SPEECH: "TextToSpeech",
    Operation.TRANSCRIPTION: "SpeechToText",
}


@route(blueprint, catalog.ACTIVE_MEDIA_MODELS)
def active_models(call: Call[dtos.ActiveMediaModels]) -> dtos.ActiveMediaModelsResponse:
    """List the models that make pictures and are online."""
    names = models_for(call.services, call.principal, Operation.IMAGE, online=True)
    return dtos.ActiveMediaModelsResponse(
        results=[dtos.KeyValue(key=name, value=name) for name in names]
    )


@route(blueprint, catalog.QUERY_MEDIA_MODELS)
def models(call: Call[dtos.QueryMediaModels]) -> Response:
    """List the models for pictures and sound, and what each can be asked."""
    wanted = call.request
    found = [
        one
        for one in _models(call.services, call.principal, wanted.provider_id)
        if wanted.id in (None, one.id)
    ]
    return query_db.answer(dtos.MediaModel, found, wanted)


@route(blueprint, catalog.QUERY_MEDIA_TYPES)
def types(call: Call[dtos.QueryMediaTypes]) -> Response:
    """List the types of providers that can be asked for pictures or sound."""
    found = [
        dtos.MediaType(id=name, provider=name)
        for name, operations in OPERATIONS_BY_TYPE.items()
        if operations & MEDIA
    ]
    return query_db.answer(dtos.MediaType, found, call.request)


@route(blueprint, catalog.QUERY_VOICES)
def voices(call: Call[dtos.QueryTextToSpeechVoices]) -> Response:
    """List the voices of the models that speak, with what to give as the model."""
    found = [
        dtos.Voice(id=voice, model=f"{model}:{voice.lower()}")
        for model in models_for(call.services, call.principal, Operation.SPEECH)
        for voice in _voices_of(call.services, model)
    ]
    return query_db.answer(dtos.Voice, found, call.request)


def _voices_of(gateway: Services, model: str) -> tuple[str, ...]:
    """Return OpenAI's voices; other servers have their own, which a request may name as well."""
    engines = [
        ENGINES[one.models[model]]
        for one in gateway.registry.serving(model)
        if one.type == "local" and one.models[model] in ENGINES
    ]
    return engines[0].voices if engines else OPENAI_VOICES


def _models(
    gateway: Services, principal: Principal, provider_name: str | None
) -> list[dtos.MediaModel]:
    names: dict[str, dict[str, str]] = {}
    tasks: dict[str, dict[str, list[str]]] = {}
    for provider in gateway.registry.providers:
        if not provider.enabled or provider_name not in (None, provider.name):
            continue
        for model, own in provider.models.items():
            can = [task for one, task in _TASKS.items() if provider.declares(one, model)]
            if can and principal.may_use(model):
                names.setdefault(model, {})[provider.type] = own
                tasks.setdefault(model, {})[provider.type] = can
    return [
        dtos.MediaModel(id=name, name=name, api_models=names[name], supported_tasks=tasks[name])
        for name in sorted(names)
    ]
