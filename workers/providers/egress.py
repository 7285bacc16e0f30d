"""Gives the way out to a provider, as a call fails when there is none."""

from __future__ import annotations

from http import HTTPStatus

from shared.egress.way_out import Egress, EgressUnusable
from shared.errors import Failure
from shared.providers.provider import Provider
from workers.deps import Deps
from workers.providers.base import ProviderError


def provider_egress(deps: Deps, provider: Provider, url: str | None = None) -> Egress:
    """Return the way to the provider's API, or to this URL of it.

    Raises ProviderError; another provider may be asked, and this one again once that is mended.
    """
    try:
        return deps.egresses.to(provider, url) if url else deps.egresses.of(provider)
    except EgressUnusable as exc:
        message = f"Provider '{provider.name}' cannot be called: {exc}."
        failure = Failure(
            HTTPStatus.BAD_GATEWAY.value, "server_error", "provider_unavailable", message
        )
        raise ProviderError(failure, transient=True) from exc
