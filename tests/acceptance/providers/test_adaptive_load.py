"""A provider whose room nobody knows: it is found, given way to, and interactive calls go on.

Takes two minutes and wants a calm machine, so only `make test-adaptive` runs it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import mean, quantiles
from typing import Final

import pytest

from shared.store import redis_keys as keys
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.stack import Stack

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("REPLYTO_TEST_ADAPTIVE"), reason="`make test-adaptive` runs this"
    ),
]

_CALL_S: Final = 0.5
_ANSWER: Final = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}}],
    }
).encode()


class HiddenLlm:
    """Answers so many calls at once; refuses the others (429), or lets them wait."""

    def __init__(self, room: int, *, refuses: bool) -> None:
        self.room, self._refuses = room, refuses
        self._running, self._changed = 0, threading.Condition()
        llm = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                llm.serve(self._answer)

            def do_GET(self) -> None:
                self._answer(200, b'{"data":[{"id":"hidden"}]}')

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1000

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def serve(self, answer: Callable[[int, bytes], None]) -> None:
        """Answer one call."""
        with self._changed:
            if self._refuses and self._running >= self.room:
                answer(429, b'{"error":{"message":"too many"}}')
                return
            self._changed.wait_for(lambda: self._running < self.room)
            self._running += 1
        time.sleep(_CALL_S)
        with self._changed:
            self._running -= 1
            self._changed.notify()
        answer(200, _ANSWER)

    def __enter__(self) -> HiddenLlm:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def _stack(directory: Path, llm: HiddenLlm) -> Iterator[Stack]:
    provider = f'[[provider]]\nname = "hidden"\nbase_url = "{llm.url}"\nmodels = ["hidden"]\n'
    with Stack(directory, demo_models=(), providers=f"{provider}adaptive = true\n") as stack:
        yield stack.open()


def _limits(stack: Stack, seconds: float) -> list[int]:
    found, until_s = [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        text = stack.redis.get(keys.adaptive("hidden"))
        found.append(json.loads(text)["limit"] if text else 0)  # type: ignore[arg-type]
        time.sleep(0.25)
    return found


def _p95_ms(api: Api, calls: int) -> float:
    took = []
    for _ in range(calls):
        began_s = time.monotonic()
        answer = api.post("/v1/chat/completions", json=chat("hidden", "now"))
        assert answer.ok, answer.text
        took.append((time.monotonic() - began_s) * 1000)
        time.sleep(0.1)
    return quantiles(took, n=20)[-1]


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "queues"])
def test_hidden_room_is_found_and_given_way_to(tmp_path: Path, *, refuses: bool) -> None:
    with HiddenLlm(24, refuses=refuses) as llm, _stack(tmp_path, llm) as stack, stack.api() as api:
        idle_ms = _p95_ms(api, 20)
        asked = [{"request": chat("hidden", "later")}] * 1000
        for _ in range(6):
            assert api.post("/api/QueueOpenAiChatCompletion[]", json=asked).ok
        _limits(stack, 30)
        found: list[int] = []
        watching = threading.Thread(target=lambda: found.extend(_limits(stack, 25)))
        watching.start()
        busy_ms = _p95_ms(api, 30)
        watching.join()
        llm.room = 12
        later = _limits(stack, 25)
        # One call is a twelfth of it.
        gave_way_s = next(i for i, limit in enumerate(later) if limit <= 1.2 * 12) * 0.25
        print(  # noqa: T201 - its numbers
            f"\nroom 24: limit {mean(found):.1f} ({min(found)}-{max(found)}); room 12 after "
            f"{gave_way_s:.1f} s, then {mean(later[-40:]):.1f}; interactive p95 {busy_ms:.0f} ms, "
            f"idle {idle_ms:.0f} ms"
        )
        assert mean(found) == pytest.approx(24, rel=0.1)
        assert gave_way_s <= 10
        assert busy_ms <= 1.5 * idle_ms
