"""Tiers: whose jobs go first, and what of that a request may say within what its key may. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from shared.errors import Forbidden, ValidationFailed

FIELD: Final = "priority"


class Tier(StrEnum):
    """The jobs of a better tier go before all others that wait for the same model."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Return where it stands: -1, 0, 1; the least goes first."""
        return _RANKS[self]


_RANKS: Final = {Tier.HIGH: -1, Tier.NORMAL: 0, Tier.LOW: 1}
_BY_RANK: Final = {rank: tier for tier, rank in _RANKS.items()}


def tier_of_rank(rank: int | None) -> Tier:
    """Return the tier; None is the normal one."""
    return _BY_RANK.get(rank or 0, Tier.NORMAL)


def read_tier(value: Any) -> Tier | None:
    """Return the tier that a request names, None for none. Raises ValidationFailed.

    A number is a provider's own field of that name.
    """
    if not isinstance(value, str) or not value:
        return None
    try:
        return Tier(value.strip().lower())
    except ValueError:
        told = f"{FIELD} must be one of {', '.join(Tier)}"
        raise ValidationFailed(told, field=FIELD) from None


def granted(wanted: Tier | None, best: Tier, *, by_default: Tier | None = None) -> int:
    """Return the rank of a job whose key may have `best`. Raises Forbidden for a better one."""
    tier = wanted or by_default or best
    if tier.rank < best.rank:
        raise Forbidden(f"This key may not ask for the {FIELD} '{tier}': it has '{best}'.")
    return tier.rank
