"""A connection of the servers that benchmarks put in the place of LLMs and receivers."""

from __future__ import annotations

import asyncio
import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class HttpConnection(asyncio.Protocol):
    """Finds where each request ends, and has it answered."""

    def __init__(self) -> None:
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go to."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._unread += data
        while (end := end_of_request(self._unread)) is not None:
            request, self._unread = self._unread[:end], self._unread[end:]
            self.answer(request)

    def answer(self, request: bytes) -> None:
        """Answer one request, given with its head."""
        raise NotImplementedError


def end_of_request(data: bytes) -> int | None:
    """Return where the first HTTP request in the data ends; None while it is not complete."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = _LENGTH.search(data, 0, head + 2)
    end = head + 4 + (int(length[1]) if length else 0)
    return end if len(data) >= end else None
