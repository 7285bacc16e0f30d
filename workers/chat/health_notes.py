"""Tells the cluster how the calls of this process went. What cannot be told stops nothing."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

from shared.health_store import RestPolicy
from shared.moves import Claim
from shared.provider_health import WELL, Standing, field_of
from shared.providers import Provider
from shared.settings import Settings
from workers.chat.verdict import verdict
from workers.deps import Deps
from workers.providers.base import ProviderError

log = logging.getLogger(__name__)


def rest_policy(settings: Settings) -> RestPolicy:
    """Return when a provider is given a rest, as the settings say."""
    return RestPolicy(
        settings.provider_failures, settings.provider_rest_s, settings.provider_rest_cap_s
    )


def note_answer(deps: Deps, claim: Claim, provider: Provider, latency_s: float) -> None:
    """Note a call that went well; what is remembered of failures before it is forgotten."""
    deps.traffic.answered(provider.name, claim.model, latency_s)
    if deps.health.is_clean(provider.name, claim.model):
        return
    try:
        for model in ("", claim.model):
            _forget(deps, provider.name, model)
    except RedisError as exc:
        log.debug("health of %s not noted: %s", provider.name, exc)


def note_error(deps: Deps, claim: Claim, provider: Provider, error: ProviderError) -> None:
    """Note a call that failed, unless it says nothing against the provider."""
    failing = deps.traffic.failed(provider.name, claim.model) if error.transient else False
    found = verdict(error, failing=failing)
    if found is None:
        return
    model = "" if found.whole_provider else claim.model
    try:
        health = deps.health_store.failed(
            provider.name, model, found.failed, rest_policy(deps.settings)
        )
    except RedisError as exc:
        log.debug("health of %s not noted: %s", provider.name, exc)
        return
    before = deps.health.of(provider.name, model).standing
    deps.health.note(field_of(provider.name, model), health)
    if health.standing is not before:
        log.warning("provider %s is %s: %s", provider.name, health.standing, health.reason)


def _forget(deps: Deps, provider: str, model: str) -> None:
    health = deps.health.of(provider, model)
    # A call from before it asked for a rest, or before an operator took it offline.
    resting = health.at(round(deps.clock() * 1000)) in (Standing.LIMITED, Standing.HELD)
    if health.is_clean or resting:
        return
    deps.health_store.recovered(provider, model)
    deps.health.note(field_of(provider, model), WELL)
