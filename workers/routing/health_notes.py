"""Tells the cluster how the calls of this process went. What cannot be told stops nothing."""

from __future__ import annotations

import logging
from typing import Final

from redis.exceptions import RedisError

from shared.jobs.moves import Claim
from shared.providers.health import WELL, Standing, field_of
from shared.providers.probe_requests import ProbeRequest, request_probe
from shared.providers.provider import Provider
from workers.providers.base import Blame, ProviderError
from workers.routing.deps import RoutingDeps
from workers.routing.error_class import lacks_operation, needs_probe, verdict
from workers.routing.rests import rest_policy

log = logging.getLogger(__name__)

#: Longest refusal that is told on (characters).
_LONGEST_REFUSAL: Final = 300


def note_answer(deps: RoutingDeps, claim: Claim, provider: Provider, latency_s: float) -> None:
    """Note a call that went well; what is remembered of failures before it is forgotten."""
    deps.traffic.answered(provider.name, claim.model, latency_s)
    deps.learned.answered(provider, latency_s)
    if deps.health.is_clean(provider.name, claim.model):
        return
    try:
        for model in ("", claim.model):
            _forget(deps, provider.name, model)
    except RedisError as exc:
        log.debug("health of %s not noted: %s", provider.name, exc)


def note_no_room(
    deps: RoutingDeps, provider: Provider, error: ProviderError, *, again: bool = False
) -> bool:
    """Note a refusal by a provider that is well and had enough to do; whether it is one.

    `again`: this call has been refused before, or this is noted already.
    """
    if error.blame is Blame.BILLING:
        # The same statuses tell that nobody pays.
        return False
    lacks_room = deps.learned.refused(provider, error.status, again=again)
    return lacks_room and not error.retry_after_s


def note_error(deps: RoutingDeps, claim: Claim, provider: Provider, error: ProviderError) -> None:
    """Note a call that failed, unless it says nothing against the provider."""
    lacks_room = note_no_room(deps, provider, error, again=True)
    if lacks_room and not deps.learned.is_least(provider):
        return
    if needs_probe(error):
        _wish_to_confirm(deps, provider, error)
    if lacks_operation(error) and deps.traffic.may_warn(provider.name):
        log.warning(
            "provider %s has no %s at its base_url: %s", provider.name, claim.operation, error
        )
    counts = error.transient and error.blame is not Blame.OURS
    failing = counts and deps.traffic.failed(provider.name, claim.model, claim.id)
    found = verdict(error, failing=failing)
    if found is None:
        return
    model = "" if found.whole_provider else claim.model
    try:
        health = deps.health_store.failed(
            provider.name, model, found.failed, rest_policy(deps.process.settings), claim.id
        )
    except RedisError as exc:
        log.debug("health of %s not noted: %s", provider.name, exc)
        return
    before = deps.health.of(provider.name, model).standing
    deps.health.note(field_of(provider.name, model), health)
    if health.standing is not before:
        log.warning("provider %s is %s: %s", provider.name, health.standing, health.reason)


def _wish_to_confirm(deps: RoutingDeps, provider: Provider, error: ProviderError) -> None:
    """Have it found out, at no cost, whether a refusal is about our key; seldom asked at once."""
    if not deps.traffic.may_ask_for_probe(provider.name):
        return
    request = ProbeRequest(provider.name, refusal=str(error)[:_LONGEST_REFUSAL])
    try:
        request_probe(deps.process.redis, request)
    except RedisError as exc:
        log.debug("no probe of %s wished for: %s", provider.name, exc)


def _forget(deps: RoutingDeps, provider: str, model: str) -> None:
    health = deps.health.of(provider, model)
    # A call from before it asked for a rest, or before an operator took it offline.
    resting = health.at(round(deps.process.clock() * 1000)) in (Standing.LIMITED, Standing.HELD)
    if health.is_clean or resting:
        return
    deps.health_store.recovered(provider, model)
    deps.health.note(field_of(provider, model), WELL)
