"""Asks the configured Ollama servers which models they have (GET /api/tags)."""

from __future__ import annotations

from typing import Any, Final

import requests

from gateway.providers.asking import asked
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.codecs.strict_json import parse
from shared.egress.way_out import EgressUnusable, egress_of
from shared.errors import ProviderNotFound, ProviderUnavailable
from shared.providers.credentials import key_of
from shared.providers.extras import resolved
from shared.providers.provider import Provider
from shared.security.sealing import NotSealedHere

_TYPE: Final = "ollama"
#: Most models of a server that are told.
_MOST_MODELS: Final = 1000


def list_models(gateway: Services, principal: Principal, name: str | None) -> list[dict[str, Any]]:
    """Return what this provider, or all, tell of the models that the caller may use.

    Raises ProviderNotFound for one that is none of Ollama's, ProviderUnavailable.
    """
    servers = [p for p in gateway.registry.providers if p.type == _TYPE and p.enabled]
    if name is not None:
        servers = [provider for provider in servers if provider.name == name]
        if not servers:
            raise ProviderNotFound(f"There is no Ollama provider '{name}'.", field="provider")
    return [
        model
        for provider in servers
        for model in _ask(gateway, provider)
        if any(map(principal.may_use, _public_names(provider, model)))
    ]


def _public_names(provider: Provider, model: dict[str, Any]) -> list[str]:
    """Return what clients call a model of this server; its own name when we do not serve it."""
    own = str(model.get("name"))
    return [public for public, name in provider.models.items() if name == own] or [own]


def _ask(gateway: Services, provider: Provider) -> list[dict[str, Any]]:
    if problem := gateway.settings.provider_places.problem_of_url(str(provider.base_url)):
        raise ProviderUnavailable(f"Provider '{provider.name}' may not be at {problem}.")
    try:
        told = asked(
            f"{provider.root_url}/api/tags",
            _headers(gateway, provider),
            dict(resolved(provider.query, gateway.environment)),
            gateway.settings.provider_places,
            egress_of(provider, str(provider.base_url), gateway.environment).options,
        )
        models = parse(told)["models"][:_MOST_MODELS]
    except EgressUnusable as exc:
        raise ProviderUnavailable(f"Provider '{provider.name}' cannot be asked: {exc}.") from exc
    except (requests.RequestException, NotSealedHere, ValueError, KeyError, TypeError) as exc:
        raise ProviderUnavailable(f"Provider '{provider.name}' did not list its models.") from exc
    return [model for model in models if isinstance(model, dict)]


def _headers(gateway: Services, provider: Provider) -> dict[str, str]:
    encryption_key = gateway.settings.encryption_key.get_secret_value()
    key = key_of(provider, gateway.environment, encryption_key)
    own = resolved(provider.headers, gateway.environment)
    return dict((*provider.key_headers(key), *own))
