"""Gives the slots of limited providers back, and room with a flow key."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

from shared.jobs.moves import Claim, Result
from shared.providers.provider import Provider
from shared.store.scripts import Call
from shared.wire.usage import usage_of
from workers.heavy import away
from workers.routing.deps import RoutingDeps

log = logging.getLogger(__name__)


def given_back(deps: RoutingDeps, claim: Claim, result: Result) -> list[Call]:
    """Return the calls that hand on what the attempt had, to be sent along with its result."""
    freed = [deps.flows.let_in_call(claim.owner, claim.flow)] if claim.flow else []
    provider = _limited(deps, claim)
    if provider is None:
        return freed
    return [
        *freed,
        deps.slots.give_back(
            provider,
            claim.id,
            claim.attempt,
            _tokens(provider, result),
            is_shut=deps.servers.is_shut(provider.name),
        ),
    ]


def let_go(deps: RoutingDeps, claim: Claim) -> None:
    """Hand the slot over that the job has left behind; at the latest the next tick does."""
    provider = _limited(deps, claim)
    if provider is None:
        return
    try:
        deps.slots.hand_over([provider], deps.servers.shut)
    except RedisError as exc:
        log.debug("slot of job %s not handed over: %s", claim.id, exc)


def _limited(deps: RoutingDeps, claim: Claim) -> Provider | None:
    """Return the provider that was called, with the limit that holds now; None without one."""
    provider = deps.registry.named(claim.chosen)
    if provider is None or not provider.is_limited:
        return None
    return deps.learned.applied(provider)


def _tokens(provider: Provider, result: Result) -> int:
    """Return the tokens that an answer took, where they are counted (`usage.total_tokens`)."""
    if provider.tokens_per_minute is None:
        return 0
    return away(len(result.body), lambda: usage_of(result.body).total)
