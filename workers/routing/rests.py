"""When a provider is given a rest, as the settings say."""

from __future__ import annotations

from shared.providers.health_store import RestPolicy
from shared.settings import Settings


def rest_policy(settings: Settings) -> RestPolicy:
    """Return how many failures make a rest, and how long the rests are."""
    return RestPolicy(
        settings.provider_failures, settings.provider_rest_s, settings.provider_rest_cap_s
    )
