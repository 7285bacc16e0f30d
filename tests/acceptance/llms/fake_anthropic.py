"""Anthropic's Messages API as its documents describe it, strict about what it takes.

What it answers follows from the request: it calls the tools that it is given, thinks when asked to,
and repeats what it was told. What the last message of the user says may provoke an error.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cli.wsgi_thread import Environ, StartResponse, body_of, headers_of
from tests.support.anthropic_wire import Refused, check, events_of
from tests.support.servers.fake_server import FakeServer

Json = dict[str, Any]

KEY = "sk-ant-for-tests"
SIGNATURE = "EqoBCkgIARABGAIiQL"
#: Errors that a text `fail <status>` provokes; with `once` behind it only the first time.
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
_find_failure = re.compile(r"fail (\d{3})( once)?").search


@dataclass(frozen=True, slots=True)
class AnthropicCall:
    """One call that was made. `query` is the text behind the question mark."""

    headers: dict[str, str]
    query: str
    request: Json


class _ApiError(Exception):
    """The answer to a request that is not taken."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def answer(self, start_response: StartResponse) -> list[bytes]:
        headers = [("content-type", "application/json"), ("request-id", "req_fake")]
        if self.status == 429:
            headers.append(("retry-after", "1"))
        start_response(f"{self.status} Error", headers)
        error = {"type": ERRORS[self.status], "message": str(self)}
        return [json.dumps({"type": "error", "error": error, "request_id": "req_fake"}).encode()]


class FakeAnthropic(FakeServer):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[AnthropicCall] = []
        self._failures: Counter[str] = Counter()

    def calls_of(self, marker: str) -> list[AnthropicCall]:
        """Return the calls whose body contains the marker, oldest first."""
        return [call for call in self.calls if marker in json.dumps(call.request)]

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = body_of(environ)
        try:
            request = self._taken(environ, body)
        except _ApiError as error:
            return error.answer(start_response)
        message = _answer(request)
        if request.get("stream"):
            start_response("200 OK", [("content-type", "text/event-stream; charset=utf-8")])
            return _stream(message, broken="break off" in _last_text(request))
        start_response("200 OK", [("content-type", "application/json")])
        return [json.dumps(message).encode()]

    def _taken(self, environ: Environ, body: bytes) -> Json:
        """Return the request. Raises _ApiError."""
        headers = headers_of(environ)
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("POST", "/v1/messages"):
            raise _ApiError(404, "Not found")
        if headers.get("x-api-key") != KEY:
            raise _ApiError(401, f"invalid x-api-key {headers.get('x-api-key')}")
        if headers.get("anthropic-version") != "2023-06-01":
            raise _ApiError(400, "anthropic-version: header is required")
        request: Json = json.loads(body)
        self.calls.append(AnthropicCall(headers, environ["QUERY_STRING"], request))
        try:
            check(request)
        except Refused as exc:
            raise _ApiError(400, str(exc)) from exc
        if status := self._failure(_last_text(request)):
            raise _ApiError(status, f"As you wish: {status}")
        return request

    def _failure(self, text: str) -> int | None:
        found = _find_failure(text)
        if found is None:
            return None
        self._failures[text] += 1
        return None if found[2] and self._failures[text] > 1 else int(found[1])


def _stream(message: Json, *, broken: bool) -> Iterator[bytes]:
    for number, event in enumerate(events_of(message, 5)):
        if broken and number == 6:
            error = {"type": "overloaded_error", "message": "Overloaded"}
            yield _event({"type": "error", "error": error})
            return
        yield _event(event)


def _event(event: Json) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _answer(request: Json) -> Json:
    thoughts = (
        [] if request.get("thinking", {"type": "disabled"})["type"] == "disabled" else [_THOUGHT]
    )
    calls = _calls(request)
    text, stop = _cut(request, _told(request))
    if calls:
        stop = ("tool_use", None)
    content = [*thoughts, {"type": "text", "text": text}, *calls]
    usage: Json = {"input_tokens": 20, "output_tokens": len(content)}
    if "cache_control" in json.dumps(request):
        usage |= {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 7}
    return {
        "id": f"msg_{time.monotonic_ns()}",
        "type": "message",
        "role": "assistant",
        "model": f"{request['model']}-20260101",
        "content": content,
        "stop_reason": stop[0],
        "stop_sequence": stop[1],
        "usage": usage,
    }


_THOUGHT: Json = {"type": "thinking", "thinking": "Let me think.", "signature": SIGNATURE}


def _told(request: Json) -> str:
    """Return what the model has to say: what it sees in the last turn."""
    seen = []
    for block in _last_turn(request):
        if block["type"] == "text":
            seen.append(f"You said: {block['text']}")
        elif block["type"] == "tool_result":
            seen.append(f"{block['tool_use_id']} gave: {block.get('content', '')}")
        else:
            seen.append(f"I see {block['source'].get('media_type', block['source'].get('url'))}")
    return "; ".join(seen)


def _cut(request: Json, text: str) -> tuple[str, tuple[str, str | None]]:
    for sequence in request.get("stop_sequences", []):
        if sequence in text:
            return text.split(sequence, maxsplit=1)[0], ("stop_sequence", sequence)
    if len(text) > request["max_tokens"]:
        return text[: request["max_tokens"]], ("max_tokens", None)
    return text, ("end_turn", None)


def _calls(request: Json) -> list[Json]:
    """Return a call of each tool, or of the first one; none once there are results."""
    choice = request.get("tool_choice", {"type": "auto"})
    turn = _last_turn(request)
    if choice["type"] == "none" or any(block["type"] == "tool_result" for block in turn):
        return []
    names = [tool["name"] for tool in request.get("tools", [])]
    wanted = [choice["name"]] if "name" in choice else names
    if choice.get("disable_parallel_tool_use"):
        wanted = wanted[:1]
    return [
        {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": {"q": "ä"}}
        for name in wanted
    ]


def _last_turn(request: Json) -> list[Json]:
    content = request["messages"][-1]["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _last_text(request: Json) -> str:
    return " ".join(block["text"] for block in _last_turn(request) if block["type"] == "text")
