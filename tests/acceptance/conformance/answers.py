"""What the canned LLM says to the clients: each answer whole, and cut into a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.acceptance.llms.canned_llm import Answer, Fixed, SseAnswer
from tests.acceptance.llms.canned_streams import DONE, data

Json = dict[str, Any]

TEXT = "Tallinn: 400 000 people, 😀 and the sea."
CITY = {"name": "Pärnu", "people": 39_000}
REASONING = "The user asks for a greeting."
#: Name and arguments of calls that are made together.
CALLS = [("get_weather", {"city": "Pärnu"}), ("get_time", {"zone": "EET"})]
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
CHOICES = ("red", "blue")
#: Tokens and their logarithms of probability.
LOGPROBS = [("Hel", -0.25), ("lo", -0.5)]
_PIECE = 5


def _token(text: str, logprob: float) -> Json:
    token = {"token": text, "logprob": logprob, "bytes": list(text.encode())}
    return {**token, "top_logprobs": [token]}


def _call(number: int) -> Json:
    name, arguments = CALLS[number]
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _choice(content: str | None, *, index: int = 0, reason: str = "stop", **fields: Any) -> Json:
    message = {"role": "assistant", "content": content, **fields}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reason}


_CHOICES: dict[str, list[Json]] = {
    "conf-text": [_choice(TEXT)],
    "conf-json": [_choice(json.dumps(CITY, ensure_ascii=False))],
    "conf-tools": [_choice(None, reason="tool_calls", tool_calls=[_call(0), _call(1)])],
    "conf-choices": [_choice(text, index=index) for index, text in enumerate(CHOICES)],
    "conf-refusal": [_choice(None, refusal="I will not do that.")],
    "conf-reasoning": [_choice(TEXT, reasoning_content=REASONING)],
    "conf-logprobs": [
        {**_choice("Hello"), "logprobs": {"content": [_token(*t) for t in LOGPROBS]}}
    ],
}


def _head(model: str, kind: str) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1735689600, "model": model}


def _completion(model: str) -> bytes:
    head = _head(model, "chat.completion")
    return json.dumps({**head, "choices": _CHOICES[model], "usage": USAGE}).encode()


def _chunks(model: str, *, with_usage: bool) -> Iterator[Json]:
    head = _head(model, "chat.completion.chunk")
    more = {"usage": None} if with_usage else {}
    for choice in _CHOICES[model]:
        for delta in _deltas(choice):
            yield {**head, "choices": [{"index": choice["index"], **delta}], **more}
    if with_usage:
        yield {**head, "choices": [], "usage": USAGE}


def _deltas(choice: Json) -> Iterator[Json]:
    message = choice["message"]
    yield _part({"role": "assistant", "content": None if message["content"] is None else ""})
    for name in ("reasoning_content", "refusal"):
        yield from (_part({name: piece}) for piece in _pieces(message.get(name)))
    if choice["logprobs"]:
        yield from map(_token_part, choice["logprobs"]["content"])
    else:
        yield from (_part({"content": piece}) for piece in _pieces(message["content"]))
    yield from _call_parts(message.get("tool_calls", []))
    yield _part({}, choice["finish_reason"])


def _token_part(token: Json) -> Json:
    return {**_part({"content": token["token"]}), "logprobs": {"content": [token]}}


def _call_parts(calls: list[Json]) -> Iterator[Json]:
    """Yield one call after the other: the SDK parses the arguments of one as the next begins."""
    for index, call in enumerate(calls):
        function = {**call["function"], "arguments": ""}
        yield _part({"tool_calls": [{"index": index, **call, "function": function}]})
        for piece in _pieces(call["function"]["arguments"]):
            yield _part({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})


def _part(delta: Json, reason: str | None = None) -> Json:
    return {"delta": delta, "logprobs": None, "finish_reason": reason}


def _pieces(text: str | None) -> list[str]:
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)] if text else []


def _answer(model: str, body: bytes) -> Fixed:
    request = json.loads(body)
    if not request.get("stream"):
        return 200, _completion(model)
    with_usage = (request.get("stream_options") or {}).get("include_usage") is True
    return SseAnswer((*(data(c) for c in _chunks(model, with_usage=with_usage)), DONE))


_BUSY = b'{"error":{"message":"Slow down.","type":"rate_limit_exceeded","code":"busy"}}'

CONFORMANCE: dict[str, Answer] = {
    "conf-busy": (429, _BUSY),
    **{model: partial(_answer, model) for model in _CHOICES},
}
