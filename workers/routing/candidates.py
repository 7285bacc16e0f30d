"""Brings together what this process knows of the providers of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.jobs.moves import Claim
from shared.providers.health import Condition, Standing
from shared.providers.provider import MEDIA_MODEL
from shared.queues import names as task_names
from shared.queues.candidates import Candidate
from workers.providers.base import Room
from workers.routing import ranking as routing
from workers.routing.affinity import equals, near
from workers.routing.deps import RoutingDeps

_BUSY = Condition(Standing.HELD, "its server says that requests wait there")


def candidates_of(deps: RoutingDeps, model: str) -> list[Candidate]:
    """Return the providers of this model, best first; also those that may not be called now."""
    now_ms = round(deps.process.clock() * 1000)
    return routing.rank(
        [deps.learned.applied(one) for one in deps.registry.having(model)],
        lambda provider: deps.health.condition_of(provider, model, now_ms),
        lambda provider: deps.traffic.load(provider.name, model),
        lambda provider: provider.operations_of(model),
    )


def unasked(candidates: Sequence[Candidate], claim: Claim) -> list[Candidate]:
    """Return those that have not failed this job yet, and are not asked now."""
    asked = (*claim.failed, claim.chosen)
    return [one for one in candidates if one.provider.name not in asked]


def candidates_for_bulk(deps: RoutingDeps, model: str) -> list[Candidate]:
    """Return them for a line of a batch, which goes where it is in nobody's way."""
    return _without_shut(candidates_of(deps, model), deps.servers.shut)


def has_choice(candidates: Sequence[Candidate]) -> bool:
    """Whether several would do as well as the first."""
    return len(equals(candidates)) > 1


def near_beginning(
    deps: RoutingDeps, model: str, candidates: list[Candidate], mark: str
) -> list[Candidate]:
    """Return them with the one first that has most likely seen the beginning of this mark."""
    return near(candidates, mark, lambda name: deps.traffic.load(name, model).in_flight)


def usable(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that may be called now: who rests only if nobody else may be."""
    return [one for one in candidates if _is(one, Standing.ONLINE)] or [
        one for one in candidates if _is(one, Standing.RESTING)
    ]


def queues_without_bulk(deps: RoutingDeps) -> frozenset[str]:
    """Return the queues whose lines of batches wait: the servers of their models have enough."""
    shut = deps.servers.shut
    if not shut:
        return shut
    models = {name for one in deps.registry.providers if one.name in shut for name in one.models}
    return frozenset(task_names.chat_queue(name) for name in models if _is_shut(deps, name))


def queues_of_full_rooms(deps: RoutingDeps, rooms: Mapping[str, Room]) -> frozenset[str]:
    """Return the queues of which only calls are taken: whoever serves them is at work here.

    `rooms` are those of types of providers. A job that would wait here may be another process's.
    """
    full = {kind for kind, room in rooms.items() if room.locked()}
    if not full:
        return frozenset()
    models = {name for one in deps.registry.providers if one.type in full for name in one.models}
    return frozenset(
        task_names.chat_queue(name)
        for name in (*models, MEDIA_MODEL)
        if all(one.type in full for one in deps.registry.serving(name))
    )


def _is_shut(deps: RoutingDeps, model: str) -> bool:
    able = usable(candidates_of(deps, model))
    return bool(able) and all(deps.servers.is_shut(one.provider.name) for one in able)


def _without_shut(candidates: list[Candidate], shut: frozenset[str]) -> list[Candidate]:
    """Return the candidates; those that are shut are not usable, if another one is online."""
    kept = [one for one in candidates if one.provider.name not in shut]
    if len(kept) == len(candidates) or not any(_is(one, Standing.ONLINE) for one in kept):
        return candidates
    return [
        *kept,
        *(replace(one, condition=_BUSY) for one in candidates if one.provider.name in shut),
    ]


def _is(candidate: Candidate, standing: Standing) -> bool:
    return candidate.condition.standing is standing
