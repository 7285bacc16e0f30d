"""Text of strangers, made fit for a terminal."""

from __future__ import annotations

#: What parts lines and columns, and steers nothing else.
_LAYOUT = "\n\t"


def printable(text: str) -> str:
    """Escape control characters, line breaks too: for what is to stay within one line."""
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def readable(text: str) -> str:
    """Escape control characters but for line breaks and tabs: for what is to be read as a whole."""
    return "".join(c if c.isprintable() or c in _LAYOUT else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """Return it in writing: what a stranger sends must not steer the terminal."""
    return character.encode("unicode_escape").decode()
