"""What `replyto` prints: its own lines, and its children's lines under a coloured name."""

from __future__ import annotations

import os
import sys
from collections import deque
from typing import TextIO

import click

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")

#: Lines of children kept back while everything starts; shown if a start takes long or fails.
_HELD_LINES = 1_000


class Console:
    """Prints to one stream; children's lines can be held back or dropped.

    A terminal that went away must not stop the supervisor from stopping its children, so errors
    of writing are ignored.
    """

    def __init__(
        self, stream: TextIO | None = None, *, color: bool | None = None, quiet: bool = False
    ) -> None:
        self._stream = stream or sys.stdout
        self.color = self._wants_color() if color is None else color
        self._quiet = quiet
        self._names: list[str] = []
        self._held: deque[str] | None = None

    def _wants_color(self) -> bool:
        return self._stream.isatty() and not os.environ.get("NO_COLOR")

    def style(self, text: str, **style: bool | str) -> str:
        """Return the text styled as click does it, or plain where colours are not wanted."""
        return click.style(text, **style) if self.color else text  # type: ignore[arg-type]

    def say(self, text: str = "") -> None:
        """Print a line of the command's own."""
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            return

    def child_line(self, name: str, line: str) -> None:
        """Print, hold back or drop a line that the child of this name printed."""
        text = f"{self._prefix(name)} {line}"
        if self._held is not None:
            self._held.append(text)
        elif not self._quiet:
            self.say(text)

    def hold(self) -> None:
        """Hold the children's lines back until `release`."""
        self._held = deque(maxlen=_HELD_LINES)

    def release(self, *, show: bool) -> None:
        """Let the children's lines through again, and show those held back if asked to."""
        held, self._held = self._held or (), None
        if show and not self._quiet:
            for text in held:
                self.say(text)

    def _prefix(self, name: str) -> str:
        if name not in self._names:
            self._names.append(name)
        colour = _COLOURS[self._names.index(name) % len(_COLOURS)]
        width = max(10, *(len(known) for known in self._names))
        return self.style(f"{name:<{width}} |", fg=colour)
