"""An LLM server that refuses as the field does: what a call's text names decides how."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cli.wsgi_thread import (
    ConnectionDropped,
    Environ,
    StartResponse,
    body_of,
    headers_of,
)
from tests.support.fake_server import FakeOpenAi

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


class RefusingLlm(FakeOpenAi):
    """The server. `probe_status` is what it answers when its models are asked for."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.probe_status = 200
        self.asked: list[str] = []
        #: Refuse each call in this way, whatever its text.
        self.always = ""

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        key = headers_of(environ).get("authorization", "").removeprefix("Bearer ")
        if environ["REQUEST_METHOD"] == "GET":
            return _answer(self.probe_status, {"data": []}, start_response)
        text = json.loads(body_of(environ))["messages"][-1]["content"]
        self.asked.append(text)
        if DROP in text:
            raise ConnectionDropped
        for name, (status, body) in REFUSALS.items():
            if name in (text, self.always):
                told = json.loads(json.dumps(body).replace("KEY", key))
                return _answer(status, told, start_response)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": self.name},
            "finish_reason": "stop",
        }
        whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        return _answer(200, {**whole, "choices": [choice]}, start_response)


def _answer(status: int, body: Any, start_response: StartResponse) -> list[bytes]:
    headers = [("content-type", "application/json")]
    if status == 308:
        headers.append(("location", "https://elsewhere.example.com/v1/chat?key=1"))
    start_response(f"{status} Told", headers)
    return [json.dumps(body).encode()]
