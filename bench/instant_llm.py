"""An LLM that answers at once, whatever it is asked: `python -m bench.instant_llm PORT`."""

from __future__ import annotations

import asyncio
import json
import re
import sys

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

BODY = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1750000000,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Forty-two. " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 60, "total_tokens": 80},
    }
).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
) + BODY


class InstantLlm(asyncio.Protocol):
    """One connection: finds where each request ends, and answers it."""

    def __init__(self) -> None:
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._unread += data
        while (end := end_of_request(self._unread)) is not None:
            self._unread = self._unread[end:]
            self._transport.write(_ANSWER)


def end_of_request(data: bytes) -> int | None:
    """Return where the first HTTP request in the data ends; None while it is not complete."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = _LENGTH.search(data, 0, head + 2)
    end = head + 4 + (int(length[1]) if length else 0)
    return end if len(data) >= end else None


async def serve(port: int) -> None:
    """Answer on this port of the loopback until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(InstantLlm, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
