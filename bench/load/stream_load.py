"""Reads many streams at once, in a process: `python -m bench.load.stream_load < job.json`.

One thread with raw sockets, because it shares the machine with what it measures. Of each stream it
tells how long the first chunk took, how late the chunks were behind the moment that the LLM put
into them, and whether all came, once and in order.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

#: How long nothing may come (seconds).
_PATIENCE_S: Final = 30.0
_CHUNK: Final = re.compile(rb'"number":(\d+),"due_at":([0-9.]+)\}\n\n')
_DONE: Final = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Job:
    """What to ask, how many streams, how far their beginnings are apart (seconds)."""

    port: int
    headers: dict[str, str]
    body: str
    streams: int
    apart_s: float
    one_at_a_time: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream as it was read. `lost`: chunks that did not come once and in order."""

    first_ms: float
    first_late_ms: float
    last_late_ms: float
    most_late_ms: float
    chunks: int
    lost: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """All streams; how busy the reader was, 0…1."""

    streams: list[Stream]
    cpu_share: float


class _Reader:
    """One request and its stream."""

    def __init__(self, job: Job, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", job.port), timeout=_PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        self._late_ms: list[float] = []
        self._lost = 0
        self._first_ms = 0.0
        self._asked_at = time.monotonic()
        self.socket.sendall(request)

    def read(self) -> Stream | None:
        """Read on; return the stream once it has ended."""
        data = self.socket.recv(65536)
        now = time.monotonic()
        self._unread += data
        end = 0
        for match in _CHUNK.finditer(self._unread):
            self._note(int(match[1]), float(match[2]), now)
            end = match.end()
        is_whole = _DONE in self._unread[end:]
        if is_whole or not data:
            self.socket.close()
            return self._stream(is_whole=is_whole)
        self._unread = self._unread[end:]
        return None

    def _note(self, number: int, due_at: float, now: float) -> None:
        if not self._late_ms:
            self._first_ms = (now - self._asked_at) * 1000
        self._lost += abs(number - len(self._late_ms) - self._lost)
        self._late_ms.append((now - due_at) * 1000)

    def _stream(self, *, is_whole: bool) -> Stream:
        late_ms = self._late_ms or [float("nan")]
        return Stream(
            first_ms=self._first_ms,
            first_late_ms=late_ms[0],
            last_late_ms=late_ms[-1],
            most_late_ms=max(late_ms),
            chunks=len(self._late_ms),
            lost=self._lost,
            is_whole=is_whole,
        )


def run(job: Job) -> Reading:
    """Read all streams, one after the other or together."""
    request = _request(job)
    found: list[Stream] = []
    cpu, began = time.process_time(), time.monotonic()
    selector = selectors.DefaultSelector()
    asked = 0
    while len(found) < job.streams:
        may_ask = not selector.get_map() if job.one_at_a_time else True
        while asked < job.streams and may_ask and time.monotonic() >= began + asked * job.apart_s:
            reader = _Reader(job, request)
            selector.register(reader.socket, selectors.EVENT_READ, reader)
            asked += 1
            may_ask = not job.one_at_a_time
        for key, _ in selector.select(job.apart_s or _PATIENCE_S):
            if stream := key.data.read():
                selector.unregister(key.fileobj)
                found.append(stream)
        if time.monotonic() > began + asked * job.apart_s + 2 * _PATIENCE_S:
            raise TimeoutError(f"{job.streams - len(found)} streams did not end")
    return Reading(found, (time.process_time() - cpu) / (time.monotonic() - began))


def _request(job: Job) -> bytes:
    headers = {
        "Host": f"127.0.0.1:{job.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(job.body.encode())),
        **job.headers,
    }
    lines = ["POST /v1/chat/completions HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + job.body.encode()


if __name__ == "__main__":
    json.dump(asdict(run(Job(**json.load(sys.stdin)))), sys.stdout)
