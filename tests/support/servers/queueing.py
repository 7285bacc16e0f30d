"""A vLLM in small: so many requests at once, the others in a line of its own; and a prefix cache.

It is as strict as the field: what is no request of its API is refused. Its page of metrics is
that of vLLM (https://docs.vllm.ai/en/latest/usage/metrics.html), unless a test says otherwise.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import Any, Final

import gevent
from gevent.event import Event

from cli.wsgi_thread import Environ, StartResponse, body_of, headers_of
from tests.support.servers.fake_server import FakeOpenAi

_JSON: Final = [("Content-Type", "application/json")]
_TEXT: Final = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]

#: A page as a test wants it: status, headers, and pieces of the body.
Page = tuple[str, list[tuple[str, str]], Iterable[bytes]]


class QueueingServer(FakeOpenAi):
    """`room`: requests at once; `call_s`: how long one takes.

    `prefixes`: how many beginnings it remembers; a request with another takes `prefill_s` longer.
    """

    def __init__(
        self, room: int = 8, call_s: float = 0.02, *, prefixes: int = 0, prefill_s: float = 0.0
    ) -> None:
        super().__init__()
        self.room, self.call_s, self.prefixes, self.prefill_s = room, call_s, prefixes, prefill_s
        #: Requests of others that wait there.
        self.others = 0
        #: Says something else than the page of metrics.
        self.page: Callable[[], Page] | None = None
        self.running, self.most_waiting, self.hits, self.misses = 0, 0, 0, 0
        #: What was asked, in the order in which it was begun; and the looks at its metrics: when
        #: (seconds), and with which headers.
        self.calls: list[dict[str, Any]] = []
        self.looks: list[tuple[float, dict[str, str]]] = []
        self._line: deque[Event] = deque()
        self._known: OrderedDict[str, None] = OrderedDict()

    @property
    def root(self) -> str:
        """The URL of the host."""
        return self.url.removesuffix("/v1")

    @property
    def metrics_url(self) -> str:
        """Where it tells of its line."""
        return f"{self.root}/metrics"

    @property
    def waiting(self) -> int:
        """Requests that wait there."""
        return len(self._line) + self.others

    def texts(self) -> list[str]:
        """Return what the last message of each call says."""
        return [call["messages"][-1]["content"] for call in self.calls]

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if asked == ("GET", "/metrics"):
            self.looks.append((time.monotonic(), headers_of(environ)))
            status, headers, body = self.page() if self.page else self._metrics()
            start_response(status, headers)
            return body
        if asked == ("GET", "/v1/models"):
            start_response("200 OK", _JSON)
            return [b'{"object":"list","data":[]}']
        if asked != ("POST", "/v1/chat/completions"):
            start_response("404 Not Found", _JSON)
            return [b'{"detail":"Not Found"}']
        call = json.loads(body_of(environ))
        if not isinstance(call.get("model"), str) or not call.get("messages"):
            start_response("400 Bad Request", _JSON)
            return [b'{"object":"error","message":"model and messages are required","code":400}']
        self._serve(call)
        start_response("200 OK", _JSON)
        return [_answer(call)]

    def _serve(self, call: dict[str, Any]) -> None:
        if self.running >= self.room:
            mine = Event()
            self._line.append(mine)
            self.most_waiting = max(self.most_waiting, len(self._line))
            mine.wait()
        else:
            self.running += 1
        try:
            self.calls.append(call)
            gevent.sleep(self.call_s + self._prefill_s(str(call["messages"][0]["content"])))
        finally:
            if self._line:
                # Who is first in line has the place.
                self._line.popleft().set()
            else:
                self.running -= 1

    def _prefill_s(self, beginning: str) -> float:
        is_known = beginning in self._known
        self.hits, self.misses = self.hits + is_known, self.misses + (not is_known)
        self._known[beginning] = None
        self._known.move_to_end(beginning)
        while len(self._known) > self.prefixes:
            self._known.popitem(last=False)
        return 0.0 if is_known else self.prefill_s

    def _metrics(self) -> Page:
        labels = 'engine="0",model_name="m"'
        rows = [
            "# HELP vllm:num_requests_running Number of requests in model execution batches.",
            "# TYPE vllm:num_requests_running gauge",
            f"vllm:num_requests_running{{{labels}}} {self.running:.1f}",
            "# HELP vllm:num_requests_waiting Number of requests waiting to be processed.",
            "# TYPE vllm:num_requests_waiting gauge",
            f"vllm:num_requests_waiting{{{labels}}} {self.waiting:.1f}",
            f'vllm:num_requests_waiting_by_reason{{{labels},reason="capacity"}} 99.0',
        ]
        return "200 OK", _TEXT, ["\n".join([*rows, ""]).encode()]


def _answer(call: dict[str, Any]) -> bytes:
    message = {"role": "assistant", "content": f"You said: {call['messages'][-1]['content']}"}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": call["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        }
    ).encode()
