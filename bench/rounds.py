"""Measures contenders in turn, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bench.result import Spread
from bench.terminal import Progress

T = TypeVar("T")


def alternate(
    contenders: Mapping[str, Callable[[], T]], rounds: int, progress: Progress
) -> dict[str, list[T]]:
    """Give each contender `rounds` turns: A B, B A, A B, …; return what their turns gave."""
    found: dict[str, list[T]] = {name: [] for name in contenders}
    for number in range(rounds):
        # The order turns round, so that a steady drift favours nobody.
        names = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in names:
            progress.say(f"round {number + 1}/{rounds}: {name}")
            found[name].append(contenders[name]())
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return how often `theirs` goes into `ours`, compared round by round."""
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


def cpu_note(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the ratio in CPU time a job, which other work on the machine disturbs less."""
    return f"By CPU time a job the other one needs {ratio(theirs, ours).show(2)} x as much."
