"""Text of strangers, made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape control characters: what a stranger sends must not steer the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
