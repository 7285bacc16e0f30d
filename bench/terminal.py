"""What the user sees: a line of progress, then a table with ratios."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.result import Goal, Report


class Progress:
    """One line that tells what goes on; on a terminal each line takes the last one's place."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tty = sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Tell what is being done now."""
        end = "" if self._tty else "\n"
        print(f"{self._clear}{self._name}: {text} …", end=end, file=sys.stderr, flush=True)

    def done(self) -> None:
        """Take the line away."""
        print(self._clear, end="", file=sys.stderr, flush=True)

    @property
    def _clear(self) -> str:
        return "\r\x1b[K" if self._tty else ""


def show(report: Report) -> None:
    """Print a report."""
    print(f"\n{report.title}")
    for line in aligned([report.columns, *report.rows]):
        print(f"  {line}")
    for note in report.notes:
        print(f"  {note}")
    for goal in report.goals:
        print(f"  {verdict(goal)}")


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines: the first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "   ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    ]


def verdict(goal: Goal) -> str:
    """Return whether the goal is reached, in a sentence."""
    value = f"{goal.what}: {goal.value.show(2)} {goal.unit}"
    text = f"{value}, to reach {goal.bound(goal.now)}: {_yes(goal, goal.now)}"
    if goal.later is not None:
        text += f"; later {goal.bound(goal.later)}: {_yes(goal, goal.later)}"
    return text


def _yes(goal: Goal, bound: float) -> str:
    return "reached" if goal.reaches(bound) else "NOT reached"
