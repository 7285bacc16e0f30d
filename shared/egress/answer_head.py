"""The head of a provider's answer, read so that no upstream can hold this process up.

Interim answers are skipped (RFC 9110, 15.2), and not without end. Whatever is read, head or body,
lets others run in between: of bytes that are there already gevent waits for nothing. And a body
that is whole ends when nothing more comes, although its connection is kept open.
"""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse, IncompleteRead
from math import inf
from time import monotonic
from types import FunctionType
from typing import Any, Final

from shared.egress.answer_fields import read_fields
from shared.turns import share

#: Interim answers to one request; servers send one or two.
_MOST_INTERIM: Final = 32
#: Their statuses; 101 is the last word of its connection as HTTP.
_INTERIM: Final = frozenset(range(100, 200)) - {101}
#: What a chunk may end with (RFC 9112, 2.2 and 7.1).
_LINE_ENDS: Final = (b"\r\n", b"\n")
#: For so long nothing has to come before it is asked whether the answer is whole (seconds).
QUIET_S: Final = 1.0


class AnswerHead(HTTPResponse):
    """http.client's response, with interim answers skipped and reads that give way."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._way = _GivingWay(self.fp.detach())
        self.fp = io.BufferedReader(self._way)

    #: http.client's, which looks up by name what reads the fields.
    begin: Any = FunctionType(
        HTTPResponse.begin.__code__, {**vars(http.client), "parse_headers": read_fields}
    )

    def ends_when(self, is_whole: Callable[[], bool]) -> None:
        """Take what has come for all there is, once it is whole and nothing more comes."""
        self._way.is_whole = is_whole

    def _get_chunk_left(self) -> int | None:
        """As http.client's, but a chunk may end with a line feed alone, and with nothing else.

        http.client takes two bytes there, whatever they are: one may be of the next chunk's size.
        """
        left = self.chunk_left
        if left:
            return left
        if left == 0 and self.fp.readline(2) not in _LINE_ENDS:
            raise IncompleteRead(b"")
        left = self._size_of_next_chunk()
        if left == 0:
            self._read_and_discard_trailer()  # type: ignore[attr-defined]
            self._close_conn()  # type: ignore[attr-defined]
            left = None
        self.chunk_left = left
        return left

    def _size_of_next_chunk(self) -> int:
        try:
            size = int(self._read_next_chunk_size())  # type: ignore[attr-defined]
        except ValueError:
            size = -1
        if size < 0:
            raise IncompleteRead(b"")
        return size

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status not in _INTERIM:
                return version, status, reason
            read_fields(self.fp)
        raise HTTPException(f"more than {_MOST_INTERIM} interim answers")


def end_when(raw: Any, is_whole: Callable[[], bool]) -> None:
    """Tell the answer behind urllib3's response when it has ended; others know it themselves."""
    head = getattr(raw, "_fp", None)
    if isinstance(head, AnswerHead):
        head.ends_when(is_whole)


class _GivingWay(io.RawIOBase):
    """A socket's bytes. A read after some milliseconds of work lets others run first."""

    #: Whether nothing is missing of the answer; None where nobody can tell.
    is_whole: Callable[[], bool] | None = None

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._share = share()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._share.read(self._raw.readinto if self.is_whole is None else self._read, buffer)

    def _read(self, buffer: Any) -> int:
        """Read; the end (0) if nothing comes and nothing is missing. Raises as the socket does."""
        sock = self._raw._sock  # noqa: SLF001 - after a time-out of its own it never reads again
        limit_s = sock.gettimeout()
        until = monotonic() + (inf if limit_s is None else limit_s)
        while True:
            sock.settimeout(max(0.001, min(QUIET_S, until - monotonic())))
            try:
                return int(sock.recv_into(buffer))
            except TimeoutError:
                if self.is_whole is not None and self.is_whole():
                    return 0
                if monotonic() >= until:
                    raise
            finally:
                sock.settimeout(limit_s)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
