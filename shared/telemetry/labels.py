"""Labels of metrics, bounded: a name that is not known, or one too many, is `other`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

#: Most models, and most providers, that have series of their own.
MOST: Final = 200
OTHER: Final = "other"

V = TypeVar("V")


class Names:
    """The names that are told. Which they are depends on the registry alone, not on the traffic."""

    def __init__(self, known: Iterable[str], most: int = MOST) -> None:
        self.known: tuple[str, ...] = tuple(sorted(set(known))[:most])
        self._told = frozenset(self.known)

    def told(self, name: str) -> str:
        """Return the name, or `other`."""
        return name if name in self._told else OTHER


def summed(
    counts: Mapping[tuple[str, ...], int], *names: Names | None
) -> dict[tuple[str, ...], int]:
    """Return counts by their labels, the first of which are names to be bounded (None: free)."""
    sums: dict[tuple[str, ...], int] = {}
    for labels, number in counts.items():
        key = bounded(labels, *names)
        sums[key] = sums.get(key, 0) + number
    return sums


def bounded(labels: tuple[str, ...], *names: Names | None) -> tuple[str, ...]:
    """Return labels as they are told."""
    first = (one.told(label) if one else label for one, label in zip(names, labels, strict=False))
    return (*first, *labels[len(names) :])
