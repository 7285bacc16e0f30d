"""Providers: who they are and how they do; the admin adds, changes, tries and checks them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, request

from gateway import query_db
from gateway.audit import record
from gateway.binding import bind
from gateway.principal import Principal
from gateway.provider_dtos import checked_provider, given_fields, model_of, shown
from gateway.routes import dto_route
from gateway.services import Services, services
from shared import redis_keys, registry_document
from shared.api_keys.scopes import Scope
from shared.clock import unix_ms
from shared.dtos import providers as dtos
from shared.dtos.base import Dto
from shared.errors import ProbeTimedOut, ProviderExists, ProviderNotFound, ValidationFailed
from shared.provider_health import Health, Standing
from shared.providers import Provider, read_file
from shared.registry_document import Entry, RegistryDocument
from shared.settings import SettingsError

blueprint = Blueprint("providers", __name__)

#: The dialects, as AI Server's clients list them.
_TYPES: Final = {
    "openai": "OpenAI, and all that speaks its API",
    "ollama": "Ollama",
    "anthropic": "Anthropic",
}
#: How long a check waits for a worker to make it (seconds).
_PROBE_LIMIT_S: Final = 15
#: What only the admin sees of a provider.
_PLACES: Final = {"api_base_url", "api_key_var", "api_key_header", "has_api_key", "heartbeat_url"}
_OPERATOR: Final = "taken offline by the operator"


class AiType(Dto):
    """An API dialect."""

    id: str
    name: str
    provider: str


@dto_route(blueprint, "QueryAiProviders", "GET")
def query() -> Response:
    """List the providers, as they are configured and as they do."""
    gateway, _ = services(), services().keys.authenticate_admin(request, Scope.ADMIN_READ)
    wanted = bind(dtos.QueryAiProviders)
    entries = [
        entry
        for entry in gateway.follower.store.read()[1].entries
        if wanted.id in (None, entry.id) and wanted.name in (None, entry.provider.name)
    ]
    return query_db.answer([shown(gateway, entry) for entry in entries], wanted)


@dto_route(blueprint, "GetActiveProviders", "GET")
def active() -> Response:
    """List the providers that may be called now; where they are is told to the admin alone."""
    gateway, principal = services(), services().keys.authenticate(request)
    everybody = [shown(gateway, entry) for entry in gateway.follower.store.read()[1].entries]
    usable = [one for one in everybody if one.status in (Standing.ONLINE, Standing.RESTING)]
    hidden = set() if principal.is_admin else _PLACES
    rows = [
        one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=hidden)
        for one in usable
    ]
    return Response(json.dumps({"results": rows}), mimetype="application/json")


@dto_route(blueprint, "QueryAiTypes", "GET")
def types() -> Response:
    """List the API dialects."""
    services().keys.authenticate(request)
    rows = [AiType(id=name, name=says, provider=name) for name, says in _TYPES.items()]
    return query_db.answer(rows, bind(dtos.QueryAiTypes))


@dto_route(blueprint, "QueryAiModels", "GET")
def models() -> Response:
    """List the models."""
    gateway, _ = services(), services().keys.authenticate(request)
    wanted = bind(dtos.QueryAiModels)
    names = [name for name in gateway.registry.models if wanted.id in (None, name)]
    return query_db.answer([model_of(gateway, name) for name in names], wanted)


@dto_route(blueprint, "CreateAiProvider", "POST")
def create() -> Response:
    """Add a provider; gateway and workers serve it within a second."""
    gateway, principal = services(), _may_change()
    wanted = bind(dtos.CreateAiProvider)
    fields = given_fields(gateway, wanted)
    provider = checked_provider({"name": wanted.name}, fields)

    def add(document: RegistryDocument) -> RegistryDocument:
        if document.entry(provider.name):
            raise ProviderExists(f"There is a provider '{provider.name}' already.", field="name")
        return registry_document.added(document, provider, unix_ms())

    _write_down(gateway, principal, add, provider.name, fields)
    gateway.health_store.forget(provider.name)
    return _id_of(_change(gateway, add), provider.name)


@dto_route(blueprint, "UpdateAiProvider", "PATCH")
def update() -> Response:
    """Change a provider. From now on the API has the last word on it, not the file."""
    gateway, principal = services(), _may_change()
    wanted = bind(dtos.UpdateAiProvider)
    fields, name = given_fields(gateway, wanted), ""

    def change(document: RegistryDocument) -> RegistryDocument:
        nonlocal name
        entry = _entry(document, wanted.id, wanted.name)
        rename = {"name": wanted.name} if wanted.id is not None and wanted.name else {}
        provider = checked_provider(entry.provider.model_dump(mode="json"), {**fields, **rename})
        name = provider.name
        other = document.entry(name)
        if other is not None and other.id != entry.id:
            raise ProviderExists(f"There is a provider '{name}' already.", field="name")
        return registry_document.changed(document, entry.id, provider)

    _write_down(gateway, principal, change, wanted.name or str(wanted.id), fields)
    return _id_of(_change(gateway, change), name)


@dto_route(blueprint, "DeleteAiProvider", "DELETE")
def delete() -> Response:
    """Take a provider away; what runs there may finish."""
    gateway, principal = services(), _may_change()
    wanted = bind(dtos.DeleteAiProvider)

    def remove(document: RegistryDocument) -> RegistryDocument:
        entry = _entry(document, wanted.id, wanted.name)
        return registry_document.removed(document, entry.provider.name)

    _write_down(gateway, principal, remove, wanted.name or str(wanted.id), {})
    _change(gateway, remove)
    return _json(dtos.EmptyResponse())


@dto_route(blueprint, "ChangeAiProviderStatus", "POST")
def change_status() -> Response:
    """Take a provider offline (what runs may finish), or online again."""
    gateway, principal = services(), _may_change()
    wanted = bind(dtos.ChangeAiProviderStatus)
    provider = _named(gateway, wanted.provider)
    record(principal, "ChangeAiProviderStatus", provider.name, {"online": wanted.online})
    now_ms = unix_ms()
    held = Health(standing=Standing.HELD, since_ms=now_ms, reason=_OPERATOR)
    if wanted.online:
        gateway.health_store.forget(provider.name)
    else:
        gateway.health_store.set(provider.name, held)
    gateway.follower.look()
    said = f"{provider.name} is {'online' if wanted.online else 'offline'}"
    return _json(dtos.StringResponse(result=said))


@dto_route(blueprint, "CheckAiProviderStatus", "POST")
def check() -> Response:
    """Have a worker probe the provider now. One that is offline and well comes back."""
    gateway, _ = services(), _may_change()
    provider = _named(gateway, bind(dtos.CheckAiProviderStatus).provider)
    problem = probe(gateway, provider.name)
    return _json(dtos.BoolResponse(result=not problem, reason=problem or None))


@dto_route(blueprint, "Reload", "POST")
def reload() -> Response:
    """Read providers.toml again."""
    gateway, principal = services(), _may_change()
    try:
        file = read_file(gateway.settings.providers_file)
    except SettingsError as exc:
        raise ValidationFailed(str(exc)) from exc
    record(principal, "Reload", gateway.settings.providers_file.name)
    gateway.follower.reload(file)
    return _json(dtos.EmptyResponse())


def probe(gateway: Services, name: str) -> str:
    """Ask the workers for a probe; return what is wrong, empty when nothing is."""
    token = secrets.token_hex(8)
    wish = json.dumps({"provider": name, "token": token})
    gateway.redis.rpush(redis_keys.PROBE_REQUESTS, wish)
    until = time.monotonic() + _PROBE_LIMIT_S
    while time.monotonic() < until:
        # Shorter than the time limit of the connection.
        answer: Any = gateway.redis.blpop([redis_keys.probe_answer(token)], timeout=1)
        if answer is not None:
            return str(json.loads(answer[1])["problem"])
    gateway.redis.lrem(redis_keys.PROBE_REQUESTS, 0, wish)
    raise ProbeTimedOut


def _named(gateway: Services, name: str) -> Provider:
    provider = gateway.registry.named(name)
    if provider is None:
        raise ProviderNotFound(f"There is no provider '{name}'.", field="provider")
    return provider


def _may_change() -> Principal:
    return services().keys.authenticate_admin(request, Scope.ADMIN_PROVIDERS)


def _write_down(
    gateway: Services,
    principal: Principal,
    make: Callable[[RegistryDocument], RegistryDocument],
    target: str,
    fields: Mapping[str, Any],
) -> None:
    """Write a change into the audit log, once it is known to be one that can be made."""
    make(gateway.follower.store.read()[1])
    changes = {name: registry_document.shown(name, value) for name, value in fields.items()}
    action = request.path.rsplit("/", 1)[1].removesuffix(".json")
    record(principal, action, target, changes)


def _change(gateway: Services, make: Any) -> RegistryDocument:
    document = gateway.follower.store.change(make)
    gateway.follower.look()
    return document


def _entry(document: RegistryDocument, entry_id: int | None, name: str | None) -> Entry:
    entry = document.by_id(entry_id) if entry_id is not None else document.entry(name or "")
    if entry is None:
        which = entry_id if entry_id is not None else name
        raise ProviderNotFound(f"There is no provider '{which}'.", field="id")
    return entry


def _id_of(document: RegistryDocument, name: str) -> Response:
    entry = document.entry(name)
    assert entry is not None  # noqa: S101 - it was just saved
    return _json(dtos.IdResponse(id=str(entry.id)))


def _json(dto: Dto) -> Response:
    return Response(dto.to_json(), mimetype="application/json")
