"""What `replyto` prints: its own lines, and its children's lines under a coloured name."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from typing import TextIO

import click

from cli.up.child_lines import ChildLines

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")

#: Lines of children kept back while everything starts; shown if a start takes long or fails.
_HELD_LINES = 1_000


class Console:
    """Prints to one stream; children's lines can be held back or dropped.

    A terminal that went away must not stop the supervisor from stopping its children, so errors
    of writing are ignored.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        color: bool | None = None,
        quiet: bool = False,
        prefix: bool = True,
    ) -> None:
        """`prefix`: whether a child's line begins with its name, whatever it says itself."""
        self._stream = stream or sys.stdout
        self.color = self._wants_color() if color is None else color
        self._quiet = quiet
        self._with_prefix = prefix
        self._names: list[str] = []
        self._held: deque[str] | None = None
        self._lines: ChildLines | None = None

    def log_as(self, lines: ChildLines) -> None:
        """Write children's lines, and events, in the form of the log from now on.

        If that is JSON, what is said to people is a line of it too.
        """
        self._lines = lines
        self.color = self.color and not lines.is_json

    @property
    def is_json(self) -> bool:
        """Whether everything is printed as JSON."""
        return self._lines is not None and self._lines.is_json

    def _wants_color(self) -> bool:
        return self._stream.isatty() and not os.environ.get("NO_COLOR")

    def style(self, text: str, **style: bool | str) -> str:
        """Return the text styled as click does it, or plain where colours are not wanted."""
        return click.style(text, **style) if self.color else text  # type: ignore[arg-type]

    def say(self, text: str = "") -> None:
        """Print a line of the command's own."""
        if self._lines is not None and self._lines.is_json:
            told = (self._lines.own(line.strip()) for line in text.splitlines() if line.strip())
            text = "\n".join(told)
            if not text:
                return
        self._print(text)

    def event(self, text: str, level: int = logging.WARNING) -> None:
        """Print that something happened, as a line of the log where there is one."""
        line = self._lines.own(text, level) if self._lines else text
        is_news = level >= logging.WARNING and not self.is_json
        self._print(self.style(line, fg="red", bold=True) if is_news else line)

    def _print(self, text: str) -> None:
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            return

    def child_line(self, name: str, line: str) -> None:
        """Print, hold back or drop a line that the child of this name printed."""
        if self._lines is not None:
            line = self._lines.of_child(name, line)
        bare = self.is_json or not self._with_prefix
        text = line if bare else f"{self._prefix(name)} {line}"
        if self._held is not None:
            self._held.append(text)
        elif not self._quiet:
            self._print(text)

    def hold(self) -> None:
        """Hold the children's lines back until `release`."""
        self._held = deque(maxlen=_HELD_LINES)

    def release(self, *, show: bool) -> None:
        """Let the children's lines through again, and show those held back if asked to."""
        held, self._held = self._held or (), None
        if show and not self._quiet:
            for text in held:
                self._print(text)

    def _prefix(self, name: str) -> str:
        if name not in self._names:
            self._names.append(name)
        colour = _COLOURS[self._names.index(name) % len(_COLOURS)]
        width = max(10, *(len(known) for known in self._names))
        return self.style(f"{name:<{width}} |", fg=colour)
