"""Ranks the providers that could answer, and tells why one was chosen. Pure.

The choice itself is made by the script that begins the attempt (`shared/lua/includes/choose.lua`):
only there it is known who has a
free slot, whom the job is pinned to and who has failed it before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from shared.providers.health import Condition, Standing
from shared.providers.provider import Provider
from shared.queues.candidates import Candidate


@dataclass(frozen=True, slots=True)
class Load:
    """How busy this process keeps a provider, and how fast it has answered lately (seconds)."""

    in_flight: int = 0
    latency_s: float = 0.0


IDLE = Load()


def rank(
    providers: Sequence[Provider],
    condition_of: Callable[[Provider], Condition],
    load_of: Callable[[Provider], Load],
    operations_of: Callable[[Provider], Collection[str]],
) -> list[Candidate]:
    """Return the candidates, best first: by priority, then the least busy, then the fastest.

    Those that may be called only if nobody else can, or not at all, come last.
    """

    def place(candidate: Candidate) -> tuple[int, int, int, float]:
        load = load_of(candidate.provider)
        tier = _TIERS.get(candidate.condition.standing, len(_TIERS))
        return (tier, -candidate.provider.priority, load.in_flight, load.latency_s)

    candidates = [
        Candidate(one, condition_of(one), tuple(sorted(operations_of(one)))) for one in providers
    ]
    return sorted(candidates, key=place) if len(candidates) > 1 else candidates


_TIERS = {Standing.ONLINE: 0, Standing.RESTING: 1}


def explain(
    candidates: Sequence[Candidate], chosen: str, pinned: str, failed: Collection[str]
) -> str:
    """Return in words why this one was called: its merits, and what kept others from it."""
    others = [
        f"{one.provider.name} {_obstacle(one, failed)}" for one in _before(candidates, chosen)
    ]
    if pinned:
        return "asked for by name"
    priority = next((c.provider.priority for c in candidates if c.provider.name == chosen), 0)
    return "; ".join([f"priority {priority}", *others])


def _before(candidates: Sequence[Candidate], chosen: str) -> list[Candidate]:
    """Return those that would have been better: ranked before it, or of a higher priority."""
    names = [one.provider.name for one in candidates]
    if chosen not in names:
        return []
    at = names.index(chosen)
    priority = candidates[at].provider.priority
    return [
        one
        for place, one in enumerate(candidates)
        if place < at or one.provider.priority > priority
    ]


def _obstacle(candidate: Candidate, failed: Collection[str]) -> str:
    if candidate.condition.standing is not Standing.ONLINE:
        return f"{candidate.condition.standing} ({candidate.condition.reason})"
    return "failed this job before" if candidate.provider.name in failed else "has no free slot"
