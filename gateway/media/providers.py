"""AI Server's calls for providers of pictures and sound: they are providers like all others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from gateway.providers import changes, testing
from gateway.providers import query as query_db
from gateway.providers.forms import shown
from gateway.services import Services
from shared.dtos import catalog
from shared.dtos import providers as every
from shared.dtos.media import providers as dtos
from shared.operation import MEDIA
from shared.providers.provider import Provider
from shared.providers.registry_document import Entry

blueprint = Blueprint("media_providers", __name__)


@route(blueprint, catalog.QUERY_MEDIA_PROVIDERS)
def query(call: Call[dtos.QueryMediaProviders]) -> Response:
    """List the providers of pictures and sound, and what each of their models can be asked."""
    gateway, wanted = call.services, call.request
    rows = [
        _shown(gateway, entry)
        for entry in gateway.providers.follower.store.read()[1].entries
        if wanted.id in (None, entry.id) and wanted.name in (None, entry.provider.name)
        if _operations(entry.provider)
    ]
    return query_db.answer(dtos.MediaProvider, rows, wanted)


@route(blueprint, catalog.CREATE_MEDIA_PROVIDER)
def create(call: Call[dtos.CreateMediaProvider]) -> every.IdResponse:
    """Add a provider; gateway and workers serve it within a second."""
    asked = every.CreateAiProvider.model_validate(_as_every_provider(call.request))
    return changes.create(_as(call, asked))  # type: ignore[return-value]


@route(blueprint, catalog.UPDATE_MEDIA_PROVIDER)
def update(call: Call[dtos.UpdateMediaProvider]) -> every.IdResponse:
    """Change a provider."""
    asked = every.UpdateAiProvider.model_validate(_as_every_provider(call.request))
    return changes.update(_as(call, asked))  # type: ignore[return-value]


@route(blueprint, catalog.DELETE_MEDIA_PROVIDER)
def delete(call: Call[dtos.DeleteMediaProvider]) -> every.EmptyResponse:
    """Take a provider away; what runs there may finish."""
    asked = every.DeleteAiProvider(id=call.request.id, name=call.request.name)
    return changes.delete(_as(call, asked))  # type: ignore[return-value]


@route(blueprint, catalog.CHECK_MEDIA_PROVIDER)
def check(call: Call[dtos.CheckMediaProviderStatus]) -> every.BoolResponse:
    """Have a worker probe the provider now."""
    asked = every.CheckAiProviderStatus(provider=call.request.provider)
    return testing.check(_as(call, asked))  # type: ignore[return-value]


def _as(call: Call[Any], asked: Any) -> Call[Any]:
    return replace(call, request=asked)


def _as_every_provider(
    wanted: dtos.CreateMediaProvider | dtos.UpdateMediaProvider,
) -> dict[str, Any]:
    """Return the fields as calls for every provider name them."""
    given = wanted.model_dump(exclude_none=True)
    renamed = {"media_type_id": "ai_type_id", "models": "selected_models"}
    return {renamed.get(name, name): value for name, value in given.items()}


def _shown(gateway: Services, entry: Entry) -> dtos.MediaProvider:
    one = shown(gateway, entry)
    kept = one.model_dump(include=set(dtos.MediaProvider.model_fields) - {"models"})
    return dtos.MediaProvider(
        **kept,
        media_type_id=one.ai_type_id,
        media_type=one.ai_type,
        models=sorted(entry.provider.models),
        operations=_operations(entry.provider),
    )


def _operations(provider: Provider) -> dict[str, list[str]]:
    """Return what each model of a provider is said to be for, of pictures and sound."""
    found = {
        model: sorted(str(one) for one in MEDIA if provider.declares(one, model))
        for model in provider.models
    }
    return {model: can for model, can in found.items() if can}
