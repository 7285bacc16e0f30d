"""Ollama's API as its documents describe it: its own generation and list, and OpenAI's chat."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cli.wsgi_thread import Environ, StartResponse, body_of
from tests.support.servers.fake_server import FakeServer

Json = dict[str, Any]

#: The fields of https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion.
_FIELDS = {
    "model",
    "prompt",
    "suffix",
    "images",
    "format",
    "options",
    "system",
    "template",
    "context",
    "stream",
    "raw",
    "keep_alive",
    "think",
}
#: The numbers of a generation, written as Ollama writes them.
COUNTS = {
    "total_duration": 5043500667,
    "load_duration": 5025959,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 325953000,
    "eval_count": 290,
    "eval_duration": 4709213000,
}


class FakeOllama(FakeServer):
    """The server, with these models."""

    def __init__(self, models: Iterable[str]) -> None:
        super().__init__()
        self.models = list(models)
        self.generations: list[bytes] = []
        #: What the requests were authorized with.
        self.authorizations: list[str] = []

    def generations_of(self, marker: str) -> list[bytes]:
        """Return the bodies of the generations that contain the marker."""
        return [body for body in self.generations if marker.encode() in body]

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = body_of(environ)
        self.authorizations.append(environ.get("HTTP_AUTHORIZATION", ""))
        answers = {
            ("GET", "/api/tags"): self._tags,
            ("POST", "/api/generate"): self._generate,
            ("POST", "/v1/chat/completions"): self._chat,
            ("POST", "/v1/embeddings"): self._embed,
        }
        answer = answers.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        status, value = answer(body) if answer else (404, {"error": "404 page not found"})
        if isinstance(value, list):
            start_response("200 OK", [("content-type", "application/x-ndjson")])
            return [json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in value]
        start_response(f"{status} Answer", [("content-type", "application/json; charset=utf-8")])
        return [json.dumps(value).encode()]

    def _tags(self, _body: bytes) -> tuple[int, Json]:
        return 200, {"models": [{"name": name, "model": name} for name in self.models]}

    def _generate(self, body: bytes) -> tuple[int, Json | list[Json]]:
        self.generations.append(body)
        request = json.loads(body)
        if unknown := request.keys() - _FIELDS:
            return 400, {"error": f"unknown fields {sorted(unknown)}"}
        if request["model"] not in self.models:
            return 404, {"error": f"model '{request['model']}' not found"}
        if request.get("format") == "wrong":
            return 400, {"error": 'invalid format: "wrong"; expected "json" or a JSON schema'}
        head = {"model": request["model"], "created_at": "2026-01-02T03:04:05.123456Z"}
        pieces = ["You ", "said: ", request["prompt"]]
        end = {"done": True, "done_reason": "stop", "context": [1, 2, 3], **COUNTS}
        if request.get("stream") is False:
            return 200, {**head, "response": "".join(pieces), **end}
        lines = [{**head, "response": piece, "done": False} for piece in pieces]
        last: Json = {**head, "response": "", **end}
        if "break off" in request["prompt"]:
            last = {"error": "out of memory"}
        return 200, [*lines, last]

    def _embed(self, body: bytes) -> tuple[int, Json]:
        request = json.loads(body)
        asked = request["input"]
        rows = [
            {"object": "embedding", "embedding": [0.5, -0.5], "index": number}
            for number, _ in enumerate([asked] if isinstance(asked, str) else asked)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return 200, {"object": "list", "data": rows, "model": request["model"], "usage": usage}

    def _chat(self, body: bytes) -> tuple[int, Json]:
        request = json.loads(body)
        if request["model"] not in self.models:
            told = {"message": f"model '{request['model']}' not found", "type": "not_found_error"}
            return 404, {"error": {**told, "param": None, "code": None}}
        text = f"You said: {request['messages'][-1]['content']}"
        return 200, {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": request["model"],
            "system_fingerprint": "fp_ollama",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        }
