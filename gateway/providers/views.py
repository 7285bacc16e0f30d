"""Providers: who they are and how they do."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from gateway.providers import query as query_db
from gateway.providers.forms import as_seen_by, model_of, shown
from shared.codecs.rows import rows_of
from shared.dtos import catalog
from shared.dtos import providers as dtos
from shared.providers.health import Standing
from shared.providers.vision import sees
from shared.store import redis_keys

blueprint = Blueprint("providers", __name__)

#: The dialects, as AI Server's clients list them.
_TYPES: Final = {
    "openai": "OpenAI, and all that speaks its API",
    "ollama": "Ollama",
    "anthropic": "Anthropic",
    "automatic1111": "AUTOMATIC1111's web UI, Forge, sd.cpp",
    "comfyui": "ComfyUI",
    "replicate": "Replicate",
    "local": "Engines of ReplyTo's own workers",
}
#: What only the admin sees of a provider.
_PLACES: Final = {
    *("api_base_url", "api_key_var", "api_key_header", "has_api_key", "heartbeat_url"),
    *("proxy", "ca_file", "client_cert", "client_key", "metrics_url", "metrics_gauges"),
}


@route(blueprint, catalog.QUERY_PROVIDERS)
def query(call: Call[dtos.QueryAiProviders]) -> Response:
    """List the providers, as they are configured and as they do."""
    gateway, wanted = call.services, call.request
    entries = [
        entry
        for entry in gateway.providers.follower.store.read()[1].entries
        if wanted.id in (None, entry.id) and wanted.name in (None, entry.provider.name)
    ]
    rows = rows_of(entries, partial(shown, gateway))
    found: Any = gateway.redis.hgetall(redis_keys.PROBED)
    return query_db.answer(
        dtos.AiProvider,
        [_as_probed(row, found.get(row.name.encode())) for row in rows],
        wanted,
    )


def _as_probed(row: dtos.AiProvider, found: bytes | None) -> dtos.AiProvider:
    problem = json.loads(found)["problem"] if found else ""
    return row.model_copy(
        update={"is_asked": found is not None, "probe_problem": str(problem) or None}
    )


@route(blueprint, catalog.ACTIVE_PROVIDERS)
def active(call: Call[dtos.GetActiveProviders]) -> Response:
    """List the providers that may be called now; where they are is told to the admin alone."""
    gateway, principal = call.services, call.principal
    entries = gateway.providers.follower.store.read()[1].entries
    everybody = rows_of(entries, partial(shown, gateway))
    usable = [
        mine
        for one in everybody
        if one.status in (Standing.ONLINE, Standing.RESTING)
        and (mine := as_seen_by(principal, one)) is not None
    ]
    hidden = set() if principal.is_admin else _PLACES
    rows = [
        one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=hidden)
        for one in usable
    ]
    return Response(json.dumps({"results": rows}), mimetype="application/json")


@route(blueprint, catalog.QUERY_TYPES)
def types(call: Call[dtos.QueryAiTypes]) -> Response:
    """List the API dialects."""
    rows = [dtos.AiType(id=name, name=says, provider=name) for name, says in _TYPES.items()]
    return query_db.answer(dtos.AiType, rows, call.request)


@route(blueprint, catalog.QUERY_MODELS)
def models(call: Call[dtos.QueryAiModels]) -> Response:
    """List the models."""
    gateway, principal, wanted = call.services, call.principal, call.request
    names = [
        name
        for name in gateway.registry.models
        if wanted.id in (None, name) and principal.may_use(name)
        if not wanted.vision or sees(gateway.registry, name)
    ]
    return query_db.answer(dtos.AiModel, [model_of(gateway, name) for name in names], wanted)
