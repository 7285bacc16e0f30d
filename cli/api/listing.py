"""Lists of what the gateway has, as commands print them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.console import Console
from cli.table import table
from cli.text import printable

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """How rows of one kind are shown. `none` is said when there are none."""

    head: Sequence[str]
    cells: Callable[[Row], Sequence[str]]
    none: str
    #: The colour of each state.
    colours: Mapping[str, str] = field(default_factory=dict)

    def show(self, page: Mapping[str, Any], more: str = "--take") -> None:
        """Print a page; `more` names the options that show the rest."""
        console, rows = Console(), page["results"]
        if not rows:
            console.say(self.none)
            return
        lines = table([self.head, *map(self.cells, rows)])
        console.say(console.style(lines[0], bold=True))
        for row, line in zip(rows, lines[1:], strict=True):
            console.say(self.coloured(console, row, line))
        if page.get("total", 0) > len(rows):
            console.say(f"… {len(rows)} of {page['total']}; see {more}")

    def coloured(self, console: Console, row: Row, line: str) -> str:
        """Return a row's line with its state in colour, if states have colours here."""
        state = row.get("state")
        if not self.colours or not state:
            return line
        return line.replace(state, console.style(state, fg=self.colours.get(state, "white")), 1)


def shortened(text: str, most: int) -> str:
    """Return a stranger's text in so many characters, fit for a terminal."""
    safe = printable(text)
    return safe if len(safe) <= most else f"{safe[: most - 1]}…"
