"""Many callback receivers in one process: `python -m bench.load.receivers PORT ANSWERING HANGING`.

Each has an address of its own on the loopback, 127.1.x.y: some answer at once, some never. GET /
tells what came when, as JSON `[[job id, unix ms], …]`, and forgets it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

from bench.load.http_connection import HttpConnection
from shared.open_files import allow_many_connections

_JOB_ID = re.compile(rb"\r\nx-job-id: *(\d+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


def address(number: int) -> str:
    """Return the address of one receiver; the answering ones come first."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


class _Receiver(HttpConnection):
    """Answers, or hangs; tells on request what came."""

    def __init__(self, came: list[tuple[int, float]], *, hangs: bool) -> None:
        super().__init__()
        self._came, self._hangs = came, hangs

    def answer(self, request: bytes) -> None:
        """Answer a callback, or say nothing at all."""
        if self._hangs:
            return
        job_id = _JOB_ID.search(request)
        if job_id is None:
            self._tell()
        else:
            self._came.append((int(job_id[1]), time.time() * 1000))
            self.transport.write(_ANSWER)

    def _tell(self) -> None:
        body = json.dumps(self._came).encode()
        self._came.clear()
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)


async def serve(port: int, answering: int, hanging: int) -> None:
    """Answer until killed."""
    loop, came = asyncio.get_running_loop(), list[tuple[int, float]]()
    # The answering ones last: who can reach the first of them can reach all.
    for first, count, hangs in ((answering, hanging, True), (0, answering, False)):
        if count:
            hosts = [address(first + n) for n in range(count)]
            await loop.create_server(
                lambda hangs=hangs: _Receiver(came, hangs=hangs),  # type: ignore[misc]
                hosts,
                port,
                backlog=1024,
            )
    await asyncio.Event().wait()


if __name__ == "__main__":
    allow_many_connections()
    asyncio.run(serve(*map(int, sys.argv[1:4])))
