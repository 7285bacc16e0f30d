"""Gives the key that a call of a provider needs, as a call fails when there is something wrong."""

from __future__ import annotations

from shared.errors import Failure
from shared.providers.credentials import key_of
from shared.providers.provider import Provider
from shared.security.sealing import NotSealedHere
from workers.deps import Deps
from workers.providers.base import ProviderError


def provider_key(deps: Deps, provider: Provider) -> str | None:
    """Return the key; None for a provider that needs none, or whose variable is not set.

    Raises ProviderError when this process cannot open a sealed one.
    """
    try:
        encryption_key = deps.settings.encryption_key.get_secret_value()
        return key_of(provider, deps.environment, encryption_key)
    except NotSealedHere:
        message = f"The key of provider '{provider.name}' was sealed with another encryption key."
        failure = Failure(502, "server_error", "provider_credentials", message)
        raise ProviderError(failure, transient=False, status=401) from None
