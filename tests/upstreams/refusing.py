"""An LLM server that refuses as the field does: what a call's text names decides how."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Self

from tests.upstreams import good, wire
from tests.upstreams.server import Asked, RawUpstream

MOVED_TO = "https://elsewhere.example.com/v1/chat?key=1"
#: By the word that provokes it: status, and the body, in which `KEY` stands for the key it got.
REFUSALS: dict[str, tuple[int, Any]] = {
    "flagged": (
        403,
        {
            "error": {
                "message": "Input was flagged",
                "code": 403,
                "metadata": {"reasons": ["violence"], "flagged_input": "..."},
            }
        },
    ),
    "forbidden-model": (
        403,
        {
            "error": {
                "message": "Project `p` does not have access to model `m`",
                "type": "invalid_request_error",
                "code": "model_not_found",
            }
        },
    ),
    "unpaid": (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}),
    "wrong-key": (
        401,
        {"error": {"message": "Incorrect API key provided: KEY.", "code": "invalid_api_key"}},
    ),
    "forbidden-key": (403, {"message": "Forbidden for KEY"}),
    "too-long": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 8 tokens.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
    ),
    "forged": (400, {"detail": "bad\r\n2026-01-01 00:00:00 CRITICAL forged\x1b[2J"}),
    "quoting": (400, {"error": {"message": "header was 'Bearer KEY'", "seen": ["KEY"]}}),
    "moved": (308, {}),
}
DROP = "drop"


class RefusingLlm:
    """The server. `probe_status` is what it answers when its models are asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.probe_status = 200
        self.asked: list[str] = []
        #: Refuse each call in this way, whatever its text.
        self.always = ""
        self._server = RawUpstream({name: self._reply})

    def start(self) -> Self:
        """Listen on a free port."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Drop all connections."""
        self._server.stop()

    @property
    def url(self) -> str:
        """Its base URL; known once started."""
        return self._server.base_url(self.name)

    def _reply(self, asked: Asked) -> Iterable[bytes]:
        if asked.method == "GET":
            return [wire.answer({"data": []}, f"{self.probe_status} Told")]
        text = json.loads(asked.body)["messages"][-1]["content"]
        self.asked.append(text)
        if DROP in text:
            return []
        for name, (status, body) in REFUSALS.items():
            if name in (text, self.always):
                return [_refusal(status, body, asked)]
        said = {"role": "assistant", "content": self.name}
        return [wire.answer(good.completion(said))]


def _refusal(status: int, body: Any, asked: Asked) -> bytes:
    key = asked.headers.get("authorization", "").removeprefix("Bearer ")
    moved = {"location": MOVED_TO} if status == 308 else {}
    return wire.answer(json.loads(json.dumps(body).replace("KEY", key)), f"{status} Told", **moved)
