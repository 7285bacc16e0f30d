"""The head of a provider's answer, read so that no upstream can hold this process up.

Interim answers are skipped (RFC 9110, 15.2), and not without end. Whatever is read, head or body,
lets others run in between: of bytes that are there already gevent waits for nothing.
"""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse, parse_headers
from time import monotonic
from typing import Any, Final

import gevent

#: Interim answers to one request; servers send one or two.
_MOST_INTERIM: Final = 32
#: Their statuses; 101 is the last word of its connection as HTTP.
_INTERIM: Final = frozenset(range(100, 200)) - {101}
#: How long a reader works before it lets others run (seconds), and what a read counts at least.
SHARE_S: Final = 0.005
_READ_S: Final = 0.00005


class AnswerHead(HTTPResponse):
    """http.client's response, with interim answers skipped and reads that give way."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_GivingWay(self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status not in _INTERIM:
                return version, status, reason
            parse_headers(self.fp)
        raise HTTPException(f"more than {_MOST_INTERIM} interim answers")


class _GivingWay(io.RawIOBase):
    """A socket's bytes. A read after some milliseconds of work lets others run first."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._worked_s = 0.0
        self._read_at = monotonic()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._worked_s += monotonic() - self._read_at + _READ_S
        if self._worked_s > SHARE_S:
            self._worked_s = 0.0
            gevent.sleep(0)
        taken = self._raw.readinto(buffer)
        self._read_at = monotonic()
        return taken

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
