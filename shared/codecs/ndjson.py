"""Cuts lines out of bytes that arrive in any pieces: newline-delimited JSON."""

from __future__ import annotations

from shared.codecs.sse import MAX_EVENT_BYTES, EventTooLarge
from shared.codecs.strict_json import BEFORE


class LineParser:
    """The lines of a stream that are not empty, without their ends."""

    __slots__ = ("_line", "_max_bytes")

    def __init__(self, max_line_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_line_bytes
        self._line = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return each line that these bytes complete. Raises EventTooLarge."""
        *ended, rest = data.split(b"\n")
        lines = [self._taken(piece) for piece in ended]
        self._add(rest)
        return [bare for line in lines if (bare := line.lstrip(BEFORE))]

    def finish(self) -> list[bytes]:
        """Return the line that the end of the stream completes: none, or one."""
        line = self._taken(b"").lstrip(BEFORE)
        return [line] if line else []

    def _taken(self, piece: bytes) -> bytes:
        self._add(piece)
        line = bytes(self._line)
        self._line.clear()
        return line

    def _add(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) > self._max_bytes:
            raise EventTooLarge(f"a line of the stream is larger than {self._max_bytes} bytes")
