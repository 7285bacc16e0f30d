"""What the models of the API take, by the version in their name: the one table of it. Pure.

Sources: https://platform.claude.com/docs/en/about-claude/models/migration-guide,
…/build-with-claude/adaptive-thinking, …/build-with-claude/effort, and public reports of refusals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Sampling(Enum):
    """Which of `temperature` and `top_p` (and `top_k`) a model takes."""

    BOTH = auto()
    ONE_OF = auto()
    NONE = auto()


class Thinking(Enum):
    """How a model is asked to think."""

    NEVER = auto()
    BY_BUDGET = auto()
    #: By an effort; a budget is taken too.
    EITHER = auto()
    ADAPTIVE = auto()


@dataclass(frozen=True, slots=True)
class Traits:
    """What a model takes. `most_output`: the highest `max_tokens` of all models of its row."""

    sampling: Sampling
    thinking: Thinking
    most_output: int = 64_000
    efforts: tuple[str, ...] = ()


_EFFORTS: Final = ("low", "medium", "high")
#: From which version on, newest first.
_TABLE: Final[tuple[tuple[tuple[int, int], Traits], ...]] = (
    (
        (4, 7),
        Traits(Sampling.NONE, Thinking.ADAPTIVE, 128_000, (*_EFFORTS, "xhigh", "max")),
    ),
    ((4, 6), Traits(Sampling.ONE_OF, Thinking.EITHER, efforts=(*_EFFORTS, "max"))),
    ((4, 5), Traits(Sampling.ONE_OF, Thinking.BY_BUDGET)),
    ((4, 1), Traits(Sampling.ONE_OF, Thinking.BY_BUDGET, 32_000)),
    ((4, 0), Traits(Sampling.BOTH, Thinking.BY_BUDGET, 32_000)),
    ((3, 7), Traits(Sampling.BOTH, Thinking.BY_BUDGET)),
    ((3, 5), Traits(Sampling.BOTH, Thinking.NEVER, 8192)),
    ((0, 0), Traits(Sampling.BOTH, Thinking.NEVER, 4096)),
)
#: A model of another maker behind the same API: nothing is known, so nothing is taken away.
_STRANGER: Final = Traits(Sampling.BOTH, Thinking.EITHER, 128_000, (*_EFFORTS, "xhigh", "max"))

# `claude-opus-4-1-20250805`, `claude-3-5-haiku-latest`, `anthropic/claude-sonnet-4.6`: a version
# has one or two digits, a date has eight.
_find_version = re.compile(r"claude-(?:[a-z]+-)?([0-9]{1,2})(?:[-.]([0-9]{1,2}))?(?![0-9])").search


def traits_of(model: str) -> Traits:
    """Return what the model takes; one of Claude's without a version is as the newest."""
    found = _find_version(model)
    if found is None:
        return _TABLE[0][1] if "claude" in model else _STRANGER
    version = (int(found[1]), int(found[2] or 0))
    return next(traits for since, traits in _TABLE if version >= since)
