"""The load generator, a process of its own: `python -m bench.load.load < job.json > result.json`.

Each client sends its next request when the last one was answered. One thread with raw sockets and
requests built beforehand, because it shares the machine with what it measures: some 20 µs of CPU a
request, and it tells its own share so that nobody measures the generator.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
#: How long after the end answers are waited for (seconds).
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """What to send where, how many clients at once, for how long."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    body: str
    clients: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. `cpu_share`: how busy the generator's thread was, 0…1."""

    answered: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_share: float
    errors: int
    first_error: str

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


class _Client:
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, job: Job, request: bytes) -> None:
        self.socket = socket.create_connection((job.host, job.port), timeout=_PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._unread = b""
        self._sent_at = 0.0

    def send(self) -> None:
        self._sent_at = time.perf_counter()
        self.socket.sendall(self._request)

    def read(self) -> tuple[float, bytes] | None:
        """Read on; return the seconds taken and the answer once it is whole."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._unread += data
        head = self._unread.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = _LENGTH.search(self._unread, 0, head + 2)
        if length is None:
            raise ValueError(f"an answer without Content-Length: {self._unread[:300]!r}")
        if len(self._unread) < head + 4 + int(length[1]):
            return None
        took_s, answer, self._unread = time.perf_counter() - self._sent_at, self._unread, b""
        return took_s, answer


def run(job: Job) -> Load:
    """Put the load on, and measure."""
    request = _request(job)
    selector = selectors.DefaultSelector()
    for _ in range(job.clients):
        client = _Client(job, request)
        selector.register(client.socket, selectors.EVENT_READ, client)
    took_s: list[float] = []
    errors: list[bytes] = []
    cpu, began = time.process_time(), time.perf_counter()
    for key in selector.get_map().values():
        key.data.send()
    until, waiting = began + job.seconds, job.clients
    while waiting:
        for key, _ in _select(selector):
            answer = key.data.read()
            if answer is None:
                continue
            took_s.append(answer[0])
            if not answer[1].startswith(b"HTTP/1.1 200"):
                errors.append(answer[1])
            if time.perf_counter() < until:
                key.data.send()
            else:
                waiting -= 1
    seconds = time.perf_counter() - began
    took_s.sort()
    return Load(
        answered=len(took_s),
        seconds=seconds,
        p50_ms=took_s[len(took_s) // 2] * 1000,
        p95_ms=took_s[len(took_s) * 95 // 100] * 1000,
        p99_ms=took_s[len(took_s) * 99 // 100] * 1000,
        cpu_share=(time.process_time() - cpu) / seconds,
        errors=len(errors),
        first_error=errors[0][:1000].decode("utf-8", "replace") if errors else "",
    )


def _select(selector: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
    ready = selector.select(_PATIENCE_S)
    if not ready:
        raise TimeoutError(f"no answer within {_PATIENCE_S:g} s")
    return ready


def _request(job: Job) -> bytes:
    body = job.body.encode()
    headers = {
        "Host": f"{job.host}:{job.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **job.headers,
    }
    lines = [f"POST {job.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


if __name__ == "__main__":
    json.dump(asdict(run(Job(**json.load(sys.stdin)))), sys.stdout)
