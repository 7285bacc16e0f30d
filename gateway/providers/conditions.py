"""Who the providers are and how they do, from what this process knows; nobody is asked."""

from __future__ import annotations

from flask import Response

from gateway.services import Services
from shared.errors import ProviderNotFound
from shared.jobs.moves import Making
from shared.providers.health import Condition
from shared.providers.provider import Provider
from shared.store.clock import unix_ms


def named(services: Services, name: str) -> Provider:
    """Return the provider that goes by this name. Raises ProviderNotFound."""
    provider = services.registry.named(name)
    if provider is None:
        raise ProviderNotFound(f"There is no provider '{name}'.", field="provider")
    return provider


def condition_of(services: Services, provider: Provider, model: str = "") -> Condition:
    """Return the provider's condition now."""
    return services.providers.health.condition_of(provider, model, unix_ms())


def obstacles(services: Services, model: str, pinned: str) -> str:
    """Return in words what keeps a job from every provider it may have; empty if nothing does."""
    able = [one for one in services.registry.having(model) if pinned in ("", one.name)]
    conditions = {one.name: condition_of(services, one, model) for one in able}
    if any(condition.is_usable for condition in conditions.values()):
        return ""
    said = [f"{name} is {one.standing} ({one.reason})" for name, one in conditions.items()]
    return "; ".join(said) or "there is none"


def with_making(response: Response, made: Making) -> Response:
    """Say in headers, which are ASCII, who answered, and what it could not follow to the letter."""
    if made.provider:
        name = made.provider.encode("ascii", "backslashreplace").decode("ascii")
        response.headers["x-provider"] = name
    if made.adjusted:
        response.headers["x-adjusted"] = made.adjusted
    return response
