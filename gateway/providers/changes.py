"""The admin adds, changes and takes away providers. Each change is written into the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint

from gateway.admin.audit import record
from gateway.http.routes import Call, route
from gateway.providers.conditions import named
from gateway.providers.forms import checked_provider, given_fields
from gateway.providers.network import permitted
from gateway.providers.secrets import check_places, check_secrets
from gateway.services import Services
from shared.dtos import catalog
from shared.dtos import providers as dtos
from shared.errors import ProviderExists, ProviderNotFound, ValidationFailed
from shared.providers import registry_document
from shared.providers.health import Health, Standing
from shared.providers.probe_requests import ProbeRequest, request_probe
from shared.providers.provider import read_file
from shared.providers.registry_document import Entry, RegistryDocument
from shared.settings import SettingsError
from shared.store import redis_keys
from shared.store.clock import unix_ms
from shared.written_path import file_problem

blueprint = Blueprint("provider_changes", __name__)

_OPERATOR: Final = "taken offline by the operator"


@route(blueprint, catalog.CREATE_PROVIDER)
def create(call: Call[dtos.CreateAiProvider]) -> dtos.IdResponse:
    """Add a provider; gateway and workers serve it within a second."""
    gateway, principal, wanted = call.services, call.principal, call.request
    fields = given_fields(gateway, wanted)
    given = permitted(gateway.settings, {}, fields)
    provider = checked_provider({"name": wanted.name}, given)
    check_places(gateway.settings, given)
    check_secrets(gateway.settings, principal, None, provider)

    def add(document: RegistryDocument) -> RegistryDocument:
        if document.entry(provider.name):
            raise ProviderExists(f"There is a provider '{provider.name}' already.", field="name")
        return registry_document.added(document, provider, unix_ms())

    _write_down(call, add, provider.name, fields)
    gateway.providers.health_store.forget(provider.name)
    document = _change(gateway, add)
    _probe_anew(gateway, provider.name)
    return _id_of(document, provider.name)


@route(blueprint, catalog.UPDATE_PROVIDER)
def update(call: Call[dtos.UpdateAiProvider]) -> dtos.IdResponse:
    """Change a provider. From now on the API has the last word on it, not the file."""
    gateway, principal, wanted = call.services, call.principal, call.request
    fields, name = given_fields(gateway, wanted), ""

    def change(document: RegistryDocument) -> RegistryDocument:
        nonlocal name
        entry = _entry(document, wanted.id, wanted.name)
        rename = {"name": wanted.name} if wanted.id is not None and wanted.name else {}
        known = entry.provider.model_dump(mode="json")
        allowed = permitted(gateway.settings, known, {**fields, **rename})
        provider = checked_provider(known, allowed)
        check_places(gateway.settings, allowed)
        check_secrets(gateway.settings, principal, entry.provider, provider)
        name = provider.name
        other = document.entry(name)
        if other is not None and other.id != entry.id:
            raise ProviderExists(f"There is a provider '{name}' already.", field="name")
        return registry_document.changed(document, entry.id, provider)

    _write_down(call, change, wanted.name or str(wanted.id), fields)
    document = _change(gateway, change)
    _probe_anew(gateway, name)
    return _id_of(document, name)


@route(blueprint, catalog.DELETE_PROVIDER)
def delete(call: Call[dtos.DeleteAiProvider]) -> dtos.EmptyResponse:
    """Take a provider away; what runs there may finish."""
    gateway, wanted = call.services, call.request

    def remove(document: RegistryDocument) -> RegistryDocument:
        entry = _entry(document, wanted.id, wanted.name)
        return registry_document.removed(document, entry.provider.name)

    before = gateway.providers.follower.store.read()[1]
    name = _entry(before, wanted.id, wanted.name).provider.name
    _write_down(call, remove, wanted.name or str(wanted.id), {})
    _change(gateway, remove)
    gateway.redis.hdel(redis_keys.PROBED, name)
    return dtos.EmptyResponse()


@route(blueprint, catalog.CHANGE_PROVIDER_STATUS)
def change_status(call: Call[dtos.ChangeAiProviderStatus]) -> dtos.StringResponse:
    """Take a provider offline (what runs may finish), or online again."""
    gateway, wanted = call.services, call.request
    provider = named(gateway, wanted.provider)
    record(call, provider.name, {"online": wanted.online})
    if wanted.online:
        gateway.providers.health_store.forget(provider.name)
    else:
        held = Health(standing=Standing.HELD, since_ms=unix_ms(), reason=_OPERATOR)
        gateway.providers.health_store.set(provider.name, held)
    gateway.providers.follower.look()
    said = f"{provider.name} is {'online' if wanted.online else 'offline'}"
    return dtos.StringResponse(result=said)


@route(blueprint, catalog.RELOAD)
def reload(call: Call[dtos.Reload]) -> dtos.EmptyResponse:
    """Read providers.toml again."""
    gateway, path = call.services, call.services.settings.providers_file
    if problem := file_problem(path):
        raise ValidationFailed(f"{problem}. The providers stay as they are.")
    try:
        file = read_file(path)
    except SettingsError as exc:
        raise ValidationFailed(f"{exc}. The providers stay as they are.") from exc
    record(call, path.name)
    gateway.providers.follower.reload(file)
    return dtos.EmptyResponse()


def _probe_anew(gateway: Services, name: str) -> None:
    """Have it looked at whether the provider is there, before the first job finds out."""
    gateway.redis.hdel(redis_keys.PROBED, name)
    request_probe(gateway.redis, ProbeRequest(name))


def _write_down(
    call: Call[Any],
    make: Callable[[RegistryDocument], RegistryDocument],
    target: str,
    fields: Mapping[str, Any],
) -> None:
    """Write a change into the audit log, once it is known to be one that can be made."""
    make(call.services.providers.follower.store.read()[1])
    changes = {name: registry_document.shown(name, value) for name, value in fields.items()}
    record(call, target, changes)


def _change(gateway: Services, make: Any) -> RegistryDocument:
    document = gateway.providers.follower.store.change(make)
    gateway.providers.follower.look()
    return document


def _entry(document: RegistryDocument, entry_id: int | None, name: str | None) -> Entry:
    entry = document.by_id(entry_id) if entry_id is not None else document.entry(name or "")
    if entry is None:
        which = entry_id if entry_id is not None else name
        raise ProviderNotFound(f"There is no provider '{which}'.", field="id")
    return entry


def _id_of(document: RegistryDocument, name: str) -> dtos.IdResponse:
    entry = document.entry(name)
    assert entry is not None  # noqa: S101 - it was just saved
    return dtos.IdResponse(id=str(entry.id))
