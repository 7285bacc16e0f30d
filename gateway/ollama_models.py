"""Asks the configured Ollama servers which models they have (GET /api/tags)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests

from shared.errors import ProviderNotFound, ProviderUnavailable
from shared.provider_extras import resolved
from shared.providers import Provider, Registry

_TYPE: Final = "ollama"
_TIMEOUT_S: Final = 5.0


def list_models(
    registry: Registry, environment: Mapping[str, str], name: str | None
) -> list[dict[str, Any]]:
    """Return the models of this provider, or of all, as Ollama tells them.

    Raises ProviderNotFound for one that is none of Ollama's, ProviderUnavailable.
    """
    servers = [p for p in registry.providers if p.type == _TYPE and p.enabled]
    if name is not None:
        servers = [provider for provider in servers if provider.name == name]
        if not servers:
            raise ProviderNotFound(f"There is no Ollama provider '{name}'.", field="provider")
    return [model for provider in servers for model in _ask(provider, environment)]


def _ask(provider: Provider, environment: Mapping[str, str]) -> list[dict[str, Any]]:
    key = environment.get(provider.api_key_env or "")
    headers = dict((*provider.key_headers(key), *resolved(provider.headers, environment)))
    try:
        with requests.Session() as session:
            # Neither proxies nor .netrc: a provider's settings say all that is sent to it.
            session.trust_env = False
            response = session.get(
                f"{provider.root_url}/api/tags",
                headers=headers,
                params=dict(resolved(provider.query, environment)),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
            response.raise_for_status()
            models = response.json()["models"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as exc:
        raise ProviderUnavailable(f"Provider '{provider.name}' did not list its models.") from exc
    return [model for model in models if isinstance(model, dict)]
