"""Reads a receiver's answer, whatever it sends: so many bytes, and others get a turn.

A read of bytes that are there already does not yield in gevent, so who sends without end would keep
everybody waiting, the attempt's own time-out included.
"""

from __future__ import annotations

import io
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Any, Final

from shared.turns import take_turn

#: Most that is read for one answer, heads and framing included (bytes).
MOST_BYTES: Final = 128 * 1024
#: Most interim answers before the final one: 100 Continue, 102 Processing, 103 Early Hints.
MOST_INTERIM: Final = 16
#: Reads after which each next one lets others run: an ordinary answer takes one or two.
_READS_AT_ONCE: Final = 2


class _Incoming(io.RawIOBase):
    """What comes over a socket for one answer."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._left = MOST_BYTES
        self._reads = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is. Raises HTTPException when it is too much, OSError as the socket."""
        if self._left <= 0:
            raise HTTPException(f"more than {MOST_BYTES // 1024} KiB for an answer")
        self._reads += 1
        if self._reads > _READS_AT_ONCE:
            take_turn()
        count: int = self._sock.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class _Readable:
    """A socket as `HTTPResponse` wants it."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock))


class Answer(HTTPResponse):
    """One answer. Raises HTTPException when it is none, or too much."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(_Readable(sock), *args, **options)  # type: ignore[arg-type]
        self._interim = 0

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status line; say 100, whose head is skipped, for every interim answer.

        RFC 9110 15.2: a client must be able to parse 1xx that it did not expect. The library skips
        100 alone, and would take 103 for the final answer.
        """
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if HTTPStatus.CONTINUE <= status < HTTPStatus.OK and status != _SWITCHING:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise HTTPException(f"more than {MOST_INTERIM} interim answers")
            status = HTTPStatus.CONTINUE
        return version, status, reason


_SWITCHING: Final = HTTPStatus.SWITCHING_PROTOCOLS
