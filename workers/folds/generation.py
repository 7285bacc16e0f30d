"""The fold of a streamed generation of Ollama's: its lines into the whole answer.

Lines have the form of the whole: each adds to the texts, the last one has the counts.
"""

from __future__ import annotations

from typing import Final

#: Texts that come in pieces.
_PIECES: Final = ("response", "thinking")


class GenerationFold:
    """The generation that a stream has told so far. Lines are never changed."""

    __slots__ = ("_fields", "_texts")

    def __init__(self) -> None:
        self._fields: dict[str, object] = {}
        self._texts: dict[str, list[str]] = {}

    def add(self, chunk: dict[str, object]) -> None:
        """Take in the next line; what comes behind the last one is the same again."""
        if self.is_complete:
            return
        for name, value in chunk.items():
            if name in _PIECES and isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
            else:
                self._fields[name] = value

    def completion(self) -> dict[str, object]:
        """Return the answer of the lines so far."""
        return self._fields | {name: "".join(pieces) for name, pieces in self._texts.items()}

    def finish(self) -> None:
        """Take in that the stream is over; its last line said so itself."""

    @property
    def is_complete(self) -> bool:
        """Whether the last line has come: nothing broke off."""
        return self._fields.get("done") is True
