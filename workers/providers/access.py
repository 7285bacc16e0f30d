"""How this process gets to a provider: its key, its own headers, its way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from shared.egress.way_out import Egress, Egresses, EgressUnusable
from shared.errors import Failure
from shared.providers.credentials import key_of
from shared.providers.extras import resolved
from shared.providers.provider import Provider
from shared.security.sealing import NotSealedHere
from shared.settings import Settings
from workers.providers.base import ProviderError


@dataclass(frozen=True, slots=True)
class Access:
    """What a call of a provider needs beside its request."""

    settings: Settings
    environment: Mapping[str, str]
    egresses: Egresses

    def key(self, provider: Provider) -> str | None:
        """Return the key; None for a provider that needs none, or whose variable is not set.

        Raises ProviderError when this process cannot open a sealed one.
        """
        try:
            encryption_key = self.settings.encryption_key.get_secret_value()
            return key_of(provider, self.environment, encryption_key)
        except NotSealedHere:
            message = (
                f"The key of provider '{provider.name}' was sealed with another encryption key."
            )
            failure = Failure(502, "server_error", "provider_credentials", message)
            raise ProviderError(failure, transient=False, status=401) from None

    def egress(self, provider: Provider, url: str | None = None) -> Egress:
        """Return the way to the provider's API, or to this URL of it.

        Raises ProviderError; another provider may be asked, and this one again once that is mended.
        """
        try:
            return self.egresses.to(provider, url) if url else self.egresses.of(provider)
        except EgressUnusable as exc:
            message = f"Provider '{provider.name}' cannot be called: {exc}."
            failure = Failure(
                HTTPStatus.BAD_GATEWAY.value, "server_error", "provider_unavailable", message
            )
            raise ProviderError(failure, transient=True) from exc

    def headers(self, provider: Provider) -> tuple[tuple[str, str], ...]:
        """Return the headers that the operator adds to each request of it."""
        return resolved(provider.headers, self.environment)

    def query(self, provider: Provider) -> tuple[tuple[str, str], ...]:
        """Return what the operator adds to each URL of it."""
        return resolved(provider.query, self.environment)
