"""Brings together what this process knows of the providers of a model."""

from __future__ import annotations

from shared.queues.candidates import Candidate
from workers.routing import ranking as routing
from workers.routing.deps import RoutingDeps


def candidates_of(deps: RoutingDeps, model: str) -> list[Candidate]:
    """Return the providers of this model, best first; also those that may not be called now."""
    now_ms = round(deps.process.clock() * 1000)
    return routing.rank(
        [deps.learned.applied(one) for one in deps.registry.having(model)],
        lambda provider: deps.health.condition_of(provider, model, now_ms),
        lambda provider: deps.traffic.load(provider.name, model),
        lambda provider: provider.operations_of(model),
    )
