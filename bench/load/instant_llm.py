"""An LLM that answers at once, whatever it is asked: `python -m bench.load.instant_llm PORT`."""

from __future__ import annotations

import asyncio
import json
import sys

from bench.load.http_connection import HttpConnection

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


class InstantLlm(HttpConnection):
    """Answers the same at once."""

    def answer(self, request: bytes) -> None:
        """Answer without a look at the request."""
        del request
        self.transport.write(_ANSWER)


async def serve(port: int) -> None:
    """Answer on this port of the loopback until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(InstantLlm, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
