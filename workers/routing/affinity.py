"""Sends prompts that begin alike to the same one of equal providers, for its prefix cache. Pure.

By rendezvous hashing (Thaler and Ravishankar, 1998): each beginning has an order of the providers
of its own, so one that goes takes only its beginnings along; and with bounded loads (Mirrokni,
Thorup and Zadimoghaddam, 2016): one that is clearly busier than the mean lets the next one have it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

from shared.providers.health import Standing
from shared.queues.candidates import Candidate

#: How many calls one may have, as a part of the mean.
_BOUND: Final = 1.25


def equals(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the best ones, between which only their load decides: online, of one priority."""
    online = [one for one in candidates if one.condition.standing is Standing.ONLINE]
    return [one for one in online if one.provider.priority == online[0].provider.priority]


def near(
    candidates: list[Candidate], mark: str, in_flight: Callable[[str], int]
) -> list[Candidate]:
    """Return the candidates with the one first that has most likely seen this beginning before.

    `mark` names the beginning; with none the order stays. `in_flight` tells of a name how many
    calls it has from here.
    """
    same = equals(candidates)
    if not mark or len(same) <= 1:
        return candidates
    load = {one.provider.name: in_flight(one.provider.name) for one in same}
    most = math.ceil(_BOUND * (sum(load.values()) + 1) / len(same))

    def place(one: Candidate) -> tuple[bool, int]:
        name = one.provider.name
        return load[name] >= most, -_score(mark, name)

    first = sorted(same, key=place)
    return [*first, *(one for one in candidates if one.provider.name not in load)]


def _score(mark: str, name: str) -> int:
    digest = blake2b(f"{mark}\x1f{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
