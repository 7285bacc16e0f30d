"""Texts from outside as they may stand in a log line or a message. Pure."""

from __future__ import annotations

import re
from typing import Final

#: What ends lines, moves cursors or turns the order of letters round: C0, C1, separators, bidi.
_CONTROLS: Final = "\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
_lines = re.compile(f"[{_CONTROLS}\\s]+")
_controls = re.compile(f"[{_CONTROLS}]")
_ends = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
#: Sequences that terminals obey; without them what is left of one would stay as litter.
_escapes = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def one_line(text: str) -> str:
    """Return the text as one line that a terminal or a log takes for nothing else."""
    return _lines.sub(" ", _escapes.sub("", text)).strip()


def printable(text: str) -> str:
    """Return the text without control characters, its lines and tabs kept."""
    text = _escapes.sub("", "\n".join(_ends.split(text)))
    return _controls.sub(lambda found: found[0] if found[0] in "\n\t" else "", text)
