"""Finds the key a provider is called with: given over the API and sealed, or in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shared.providers.provider import Provider
from shared.security.sealing import Sealer
from shared.settings import OWN_VARIABLES


def key_of(provider: Provider, environment: Mapping[str, str], encryption_key: str) -> str | None:
    """Return the key; None for a provider that needs none, or whose variable is not set.

    Raises NotSealedHere when it was sealed with another encryption key.
    """
    if provider.sealed_key is None:
        named = provider.api_key_env
        # Whatever an older version let the API say: these secrets are nobody's key.
        return None if not named or named in OWN_VARIABLES else environment.get(named)
    return _opened(encryption_key, provider.sealed_key)


@lru_cache(maxsize=1000)
def _opened(encryption_key: str, sealed: str) -> str:
    return Sealer(encryption_key).open(sealed)
