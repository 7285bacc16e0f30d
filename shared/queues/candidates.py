"""The providers that could answer a job, best first, as the scripts that choose see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from shared.providers.health import Condition, Standing
from shared.providers.provider import Provider
from shared.store import redis_keys as keys

#: What a standing is worth in `lua/includes/choose.lua`: 2 may be called, 1 if nobody else can be.
_USABLE: Final = {Standing.ONLINE: 2, Standing.RESTING: 1}

#: What the scripts complete to the keys of the jobs at a gate.
PREFIXES: Final = json.dumps(
    {
        "line": keys.LINE_PREFIX,
        "waiting": keys.WAITING_PREFIX,
        "turns": keys.TURNS_PREFIX,
    }
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider of the model, and how it is doing. `operations`: what its dialect can be asked."""

    provider: Provider
    condition: Condition
    operations: tuple[str, ...]


def to_json(candidates: Sequence[Candidate]) -> str:
    """Return the candidates as the scripts take them."""
    return _joined(
        tuple(
            (
                one.provider.name,
                one.provider.concurrency or 0,
                one.provider.requests_per_minute or 0,
                one.provider.tokens_per_minute or 0,
                _USABLE.get(one.condition.standing, 0),
                one.operations,
            )
            for one in candidates
        )
    )


@lru_cache(maxsize=1000)
def _joined(rows: tuple[tuple[Any, ...], ...]) -> str:
    """Most claims of a model see the same candidates."""
    names = ("name", "limit", "rpm", "tpm", "usable", "operations")
    return json.dumps(
        [dict(zip(names, (*row[:-1], f" {' '.join(row[-1])} "), strict=True)) for row in rows]
    )


def slot_keys(candidates: Sequence[Candidate]) -> list[str]:
    """Return the KEYS of the candidates, three each."""
    return [
        key
        for one in candidates
        for key in (
            keys.slots(one.provider.name),
            keys.rates(one.provider.name),
            keys.gates_of(one.provider.name),
        )
    ]
