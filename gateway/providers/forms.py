"""Turns the DTOs of providers into what the registry holds, and back."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from gateway.providers.conditions import condition_of
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.codecs.moments import iso_date
from shared.dtos import providers as dtos
from shared.dtos.base import Dto
from shared.errors import ValidationFailed
from shared.providers.health import WELL, Standing
from shared.providers.provider import Provider
from shared.providers.registry_document import Entry
from shared.providers.vision import sees
from shared.security.masked_url import is_masked_key, masked_url
from shared.security.sealing import Sealer
from shared.wire.value_problems import value_problem

_NAMES: Final = {
    "ai_type_id": "type",
    "api_base_url": "base_url",
    "api_key_var": "api_key_env",
    "api_key_header": "api_key_header",
    "heartbeat_url": "heartbeat_url",
    "proxy": "proxy",
    "ca_file": "ca_file",
    "client_cert": "client_cert",
    "client_key": "client_key",
    "concurrency": "concurrency",
    "adaptive": "adaptive",
    "requests_per_minute": "requests_per_minute",
    "tokens_per_minute": "tokens_per_minute",
    "priority": "priority",
    "enabled": "enabled",
    "defaults": "defaults",
    "batch": "batch",
    "batch_price": "batch_price",
    "metrics_url": "metrics_url",
    "metrics_gauges": "metrics_gauges",
}
_TOLD: Final = {own: told for told, own in _NAMES.items()}


def given_fields(gateway: Services, wanted: Dto) -> dict[str, Any]:
    """Return the fields that were given, as the registry names them."""
    given = wanted.model_dump(exclude_none=True)
    own: dict[str, Any] = {name: given[told] for told, name in _NAMES.items() if told in given}
    for limit in ("concurrency", "requests_per_minute", "tokens_per_minute"):
        if own.get(limit) == 0:
            own[limit] = None
    models = {one["model"]: one.get("api_model") or one["model"] for one in given.get("models", [])}
    models.update({name: name for name in given.get("selected_models", [])})
    if models:
        own["models"] = models
    if given.get("api_key"):
        _check_unmasked(given["api_key"])
        sealer = Sealer(gateway.settings.encryption_key.get_secret_value())
        own["sealed_key"] = sealer.seal(given["api_key"])
    return own


def _check_unmasked(key: str) -> None:
    if is_masked_key(key):
        said = "apiKey: this is what is shown in the place of a key. Leave it out to keep the key."
        raise ValidationFailed(said, field="apiKey")


def checked_provider(known: dict[str, Any], fields: dict[str, Any]) -> Provider:
    """Return the known provider with these fields. Raises ValidationFailed naming the field."""
    merged = {**known, **fields}
    if "models" in fields and "defaults" not in fields:
        kept = merged.get("defaults", {})
        merged["defaults"] = {name: kept[name] for name in kept if name in fields["models"]}
    try:
        return Provider.model_validate(merged)
    except ValidationError as exc:
        first = exc.errors()[0]
        # What is wrong with several fields together begins with the name of one.
        said = value_problem(first)
        named, _, why = said.partition(": ")
        own = str(first["loc"][0]) if first["loc"] else named if named in _TOLD else "models"
        name = to_camel(_TOLD.get(own, own))
        raise ValidationFailed(f"{name}: {why if own == named else said}", field=name) from None


def shown(gateway: Services, entry: Entry) -> dtos.AiProvider:
    """Return a provider as it is shown: with how it does, without its key."""
    one = entry.provider
    condition, health = condition_of(gateway, one), gateway.providers.health.of(one.name)
    is_away = condition.standing not in (Standing.ONLINE, Standing.RESTING)
    return dtos.AiProvider(
        id=entry.id,
        name=one.name,
        api_base_url=one.shown_url,
        api_key_var=one.api_key_env,
        api_key_header=one.api_key_header,
        has_api_key=one.sealed_key is not None,
        heartbeat_url=masked_url(str(one.heartbeat_url)) if one.heartbeat_url else None,
        metrics_url=masked_url(str(one.metrics_url)) if one.metrics_url else None,
        metrics_gauges=list(one.metrics_gauges) or None,
        proxy=one.shown_proxy,
        ca_file=one.ca_file,
        client_cert=one.client_cert,
        client_key=one.client_key,
        concurrency=one.concurrency or 0,
        adaptive=one.adaptive,
        requests_per_minute=one.requests_per_minute,
        tokens_per_minute=one.tokens_per_minute,
        priority=one.priority,
        enabled=one.enabled,
        status=condition.standing,
        offline_date=iso_date(health.since_ms) if is_away and health != WELL else None,
        offline_reason=condition.reason or None,
        created_date=iso_date(entry.created_ms),
        origin=entry.origin,
        models=[
            dtos.AiProviderModel(model=name, api_model=own) for name, own in one.models.items()
        ],
        ai_type_id=one.type,
        ai_type={"id": one.type, "provider": one.type},
        selected_models=sorted(one.models),
        defaults={name: told.members for name, told in one.defaults.items()} or None,
        batch=one.batch,
        batch_price=one.batch_price,
    )


def model_of(gateway: Services, name: str) -> dtos.AiModel:
    """Return a model and who has it."""
    serving = gateway.registry.serving(name)
    online = any(condition_of(gateway, one, name).is_usable for one in serving)
    return dtos.AiModel(
        id=name,
        name=name,
        providers=[one.name for one in serving],
        online=online,
        vision=sees(gateway.registry, name),
    )


def as_seen_by(principal: Principal, one: dtos.AiProvider) -> dtos.AiProvider | None:
    """Return a provider with the models that a key may use; None when it may use none of them."""
    models = [model for model in one.models if principal.may_use(model.model)]
    if not models:
        return None
    names = {model.model for model in models}
    defaults = {name: told for name, told in (one.defaults or {}).items() if name in names}
    selected = [name for name in one.selected_models if name in names]
    own = {"models": models, "selected_models": selected, "defaults": defaults or None}
    return one.model_copy(update=own)
