"""Finds the key a provider is called with: given over the API and sealed, or in the environment."""

from __future__ import annotations

from functools import lru_cache

from shared.errors import Failure
from shared.providers import Provider
from shared.sealing import NotSealedHere, Sealer
from workers.deps import Deps
from workers.providers.base import ProviderError


def provider_key(deps: Deps, provider: Provider) -> str | None:
    """Return the key; None for a provider that needs none, or whose variable is not set.

    Raises ProviderError when this process cannot open a sealed one.
    """
    if provider.sealed_key is None:
        return deps.environment.get(provider.api_key_env) if provider.api_key_env else None
    try:
        return _opened(deps.settings.encryption_key.get_secret_value(), provider.sealed_key)
    except NotSealedHere:
        message = f"The key of provider '{provider.name}' was sealed with another encryption key."
        failure = Failure(502, "server_error", "provider_credentials", message)
        raise ProviderError(failure, transient=False, status=401) from None


@lru_cache(maxsize=1000)
def _opened(encryption_key: str, sealed: str) -> str:
    return Sealer(encryption_key).open(sealed)
