"""An LLM that streams at a steady pace: `python -m bench.load.streaming_llm PORT`.

The first token comes at once, then 50 a second, as many as the request's `max_tokens` says. Each
chunk carries its number and the moment at which it was due, by the clock that all processes of the
machine share. So whoever reads it knows how late it is, also by the fault of this server.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Final

from bench.load.http_connection import HttpConnection

TOKENS_PER_S: Final = 50
#: How often it looks which tokens are due (seconds): one timer for all streams is cheap.
_TICK_S: Final = 0.004

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_CHUNK: Final = (
    'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1750000000,'
    '"model":"bench","service_tier":"default","system_fingerprint":"fp_bench","choices":[{"index":0,'
    '"delta":%s,"logprobs":null,"finish_reason":%s}],"number":%d,"due_at":%.6f}\n\n'
)
_TOKEN: Final = '{"content":" token"}'
_DONE: Final = b"data: [DONE]\n\n"


class _Stream:
    """One answer on its way."""

    def __init__(self, transport: asyncio.Transport, tokens: int) -> None:
        self._transport = transport
        self._tokens = tokens
        self._began = time.monotonic()
        self._sent = 0
        transport.write(_HEAD)

    def send_due(self, now: float) -> bool:
        """Send what is due; False when that was the last of it."""
        while self._sent < self._tokens and now >= self._due_at:
            is_last = self._sent == self._tokens - 1
            text = _CHUNK % (
                "{}" if is_last else _TOKEN,
                '"stop"' if is_last else "null",
                self._sent,
                self._due_at,
            )
            self._sent += 1
            self._write(text.encode() + (_DONE if is_last else b""))
        if self._sent < self._tokens:
            return not self._transport.is_closing()
        self._transport.write(b"0\r\n\r\n")
        return False

    @property
    def _due_at(self) -> float:
        return self._began + self._sent / TOKENS_PER_S

    def _write(self, data: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))


class StreamingLlm(HttpConnection):
    """Begins a stream for each request."""

    def __init__(self, streams: list[_Stream]) -> None:
        super().__init__()
        self._streams = streams

    def answer(self, request: bytes) -> None:
        """Send the first token; `serve` sends the others."""
        tokens = json.loads(request.partition(b"\r\n\r\n")[2])["max_tokens"]
        stream = _Stream(self.transport, tokens)
        if stream.send_due(time.monotonic()):
            self._streams.append(stream)


async def serve(port: int) -> None:
    """Answer on this port of the loopback until killed."""
    streams: list[_Stream] = []
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: StreamingLlm(streams), "127.0.0.1", port, backlog=1024)
    while True:
        await asyncio.sleep(_TICK_S)
        now = time.monotonic()
        streams[:] = [stream for stream in streams if stream.send_due(now)]


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
