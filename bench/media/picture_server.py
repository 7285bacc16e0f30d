"""A provider with pictures, each time another one: `python -m bench.media.picture_server PORT`."""

from __future__ import annotations

import asyncio
import base64
import itertools
import random
import sys
from typing import Final

from bench.load.http_connection import HttpConnection

#: What a picture of 1024x1024 has (bytes): a head by which it is known, and noise.
SIZE_BYTES: Final = 1024 * 1024
_END: Final = b"IEND\xaeB`\x82"
_NOISE: Final = random.Random(1).randbytes(SIZE_BYTES - 8 - len(_END))
_PICTURE: Final = b"\x89PNG\r\n\x1a\n" + _NOISE + _END
_SIGNS: Final = base64.b64encode(_PICTURE)
#: What is the same of all, before and behind a number in the middle: files of the same content
#: would be kept once.
_BEFORE: Final = b'{"created":1,"data":[{"b64_json":"' + _SIGNS[: len(_SIGNS) // 2]
_AFTER: Final = _SIGNS[len(_SIGNS) // 2 + 8 :] + b'"}]}'
_numbers: Final = itertools.count()
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class _Server(HttpConnection):
    def answer(self, request: bytes) -> None:
        """Answer without a look at the request."""
        del request
        body = b"%b%08d%b" % (_BEFORE, next(_numbers), _AFTER)
        self.transport.write(_HEAD % len(body) + body)


async def serve(port: int) -> None:
    """Answer on this port of the loopback until killed."""
    server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
