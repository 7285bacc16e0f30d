"""What a request brings beside its head: RFC 9112, sections 6 and 7."""

from __future__ import annotations

import io
import re
from typing import Any, Final

from gateway.server.connection import Connection

#: A size line, with what may stand behind the size: RFC 9112, section 7.1.
_size_line = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n").fullmatch
#: A trailer: a name and a value.
_trailer = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n").fullmatch
#: Most bytes of one such line, and of all extensions and all trailers together.
_LINE_BYTES: Final = 4096
_BESIDE_BYTES: Final = 16_384
#: Most bytes of a size line that are no extension.
_PLAIN_BYTES: Final = 18
#: After so many chunks that were there already, others have their turn.
_SHARE_CHUNKS: Final = 64
#: Most bytes that are read at once.
_PIECE_BYTES: Final = 262_144


class BrokenBody(OSError):
    """The body breaks off, or its chunks are malformed: nobody knows where it ends."""


class LateBody(BrokenBody):
    """The body came more slowly than is waited for."""


class CrowdedOut(BrokenBody):
    """There were too many bytes of others on their way, and this one stood still for longest."""


class Body(io.RawIOBase):
    """A body, of a length or in chunks. `is_broken`: nobody knows where it ends."""

    def __init__(
        self,
        file: io.BufferedReader,
        connection: Connection,
        length: int | None,
        *,
        is_chunked: bool,
        awaits_go: bool,
    ) -> None:
        super().__init__()
        self.is_broken = False
        self._file = file
        self._connection = connection
        self._is_chunked = is_chunked
        self._awaits_go = awaits_go
        #: Bytes left: of the body, or of the chunk; and whether there is nothing behind them.
        self._left = length or 0
        self._is_last = not is_chunked
        self._is_begun = False
        self._chunks, self._beside = 0, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    @property
    def is_read(self) -> bool:
        """Whether all of it has been read."""
        return self._is_last and not self._left

    @property
    def is_beyond_reading(self) -> bool:
        """Whether more of it is known to be left than is read for nobody."""
        return self.is_broken or self._awaits_go or self._left > self._connection.limits.rest_bytes

    def read(self, size: int | None = -1) -> bytes:
        """Return so many bytes of it, or all: fewer only at its end. Raises BrokenBody."""
        wanted = None if size is None or size < 0 else size
        self._begin()
        try:
            return self._chunked(wanted) if self._is_chunked else self._measured(wanted)
        except (OSError, ValueError) as exc:
            self.is_broken = True
            raise self._kind_of_end()("the body breaks off, or its chunks are malformed") from exc
        finally:
            self._connection.hold(0)

    def _kind_of_end(self) -> type[BrokenBody]:
        if self._connection.is_late:
            return LateBody
        return CrowdedOut if self._connection.has_made_room else BrokenBody

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def skip(self) -> bool:
        """Read the rest for nobody; False when there is more of it than that is done for."""
        limits = self._connection.limits
        if self.is_read or self.is_beyond_reading:
            return self.is_read
        self._connection.allow(limits.rest_s)
        self._is_begun = True
        try:
            self.read(limits.rest_bytes)
        except BrokenBody:
            return False
        return self.is_read

    def _discard(self) -> None:
        """Leave the rest to `skip`; gevent calls this."""

    def _begin(self) -> None:
        if self._awaits_go:
            self._awaits_go = False
            self._connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self._is_begun:
            self._is_begun = True
            limits = self._connection.limits
            self._connection.allow(limits.body_s, 1 / limits.bytes_per_s)

    def _measured(self, wanted: int | None) -> bytes:
        wanted = self._left if wanted is None else min(wanted, self._left)
        if wanted <= _PIECE_BYTES:
            return self._take(wanted) if wanted else b""
        end, begin = self._left - wanted, self._left
        pieces = []
        while self._left > end:
            pieces.append(self._take(self._left - end))
            self._connection.hold(begin - self._left)
        return b"".join(pieces)

    def _chunked(self, wanted: int | None) -> bytes:
        # Of tiny chunks the pieces alone would be many times the body.
        read = bytearray()
        while (wanted is None or wanted > len(read)) and not self.is_read:
            if not self._left:
                self._next_chunk()
                continue
            left = self._left if wanted is None else min(wanted - len(read), self._left)
            read += self._take(left)
            if len(read) > _PIECE_BYTES:
                self._connection.hold(len(read))
            if not self._left and self._file.read(2) != b"\r\n":
                raise ValueError("a chunk that does not end where it says")
        return bytes(read)

    def _take(self, size: int) -> bytes:
        # A size is only what the client says: there is no memory for it before there are bytes.
        size = min(size, _PIECE_BYTES)
        data = self._file.read(size)
        self._left -= len(data)
        if len(data) < size:
            raise ValueError("it breaks off")
        return data

    def _next_chunk(self) -> None:
        self._chunks += 1
        if self._chunks % _SHARE_CHUNKS == 0:
            self._connection.take_turn()
        line = self._file.readline(_LINE_BYTES)
        found = _size_line(line)
        self._count_beside(max(0, len(line) - _PLAIN_BYTES))
        if found is None:
            raise ValueError("no size line")
        self._left = int(found[1], 16)
        if not self._left:
            self._read_trailers()
            self._is_last = True

    def _read_trailers(self) -> None:
        while (line := self._file.readline(_LINE_BYTES)) != b"\r\n":
            self._count_beside(len(line))
            if _trailer(line) is None:
                raise ValueError("no trailer")

    def _count_beside(self, size: int) -> None:
        self._beside += size
        if self._beside > _BESIDE_BYTES:
            raise ValueError("extensions or trailers without end")
