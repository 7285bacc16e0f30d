"""The admin adds, changes and takes away providers. Each change is written into the audit log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, request

from gateway.admin.audit import record
from gateway.http.binding import bind
from gateway.http.routes import dto_route
from gateway.providers.conditions import named
from gateway.providers.forms import checked_provider, given_fields
from gateway.providers.network import permitted
from gateway.providers.secrets import check_places, check_secrets
from gateway.services import Services, services
from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from shared.dtos import providers as dtos
from shared.dtos.base import Dto
from shared.errors import ProviderExists, ProviderNotFound, ValidationFailed
from shared.providers import registry_document
from shared.providers.health import Health, Standing
from shared.providers.provider import read_file
from shared.providers.registry_document import Entry, RegistryDocument
from shared.settings import SettingsError
from shared.store.clock import unix_ms

blueprint = Blueprint("provider_changes", __name__)

_OPERATOR: Final = "taken offline by the operator"


@dto_route(blueprint, "CreateAiProvider", "POST")
def create() -> Response:
    """Add a provider; gateway and workers serve it within a second."""
    gateway, principal = services(), _may_change()
    wanted = bind(dtos.CreateAiProvider)
    fields = given_fields(gateway, wanted)
    given = permitted(gateway.settings, {}, fields)
    provider = checked_provider({"name": wanted.name}, given)
    check_places(gateway.settings, given)
    check_secrets(gateway.settings, principal, None, provider)

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
    provider = named(gateway, wanted.provider)
    record(principal, "ChangeAiProviderStatus", provider.name, {"online": wanted.online})
    if wanted.online:
        gateway.health_store.forget(provider.name)
    else:
        held = Health(standing=Standing.HELD, since_ms=unix_ms(), reason=_OPERATOR)
        gateway.health_store.set(provider.name, held)
    gateway.follower.look()
    said = f"{provider.name} is {'online' if wanted.online else 'offline'}"
    return _json(dtos.StringResponse(result=said))


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
