"""What the demo LLM says to a request for a text completion."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from cli.demo.answers import Answer, Json, content_about, parse_object
from cli.demo.reply import Event, Reply, sse

_DONE = b"data: [DONE]\n\n"


def parse(body: bytes) -> Json:
    """Read the request; raises BadRequest as an LLM server would refuse it."""
    return parse_object(body, "prompt", str | list)


def reply(request: Json, echo: bytes | None) -> Reply:
    """Return the completion of the prompt; with `echo` that text, for each of `n` choices."""
    prompt = request["prompt"]
    said = prompt if isinstance(prompt, str) else " ".join(map(str, prompt))
    content = content_about(said) if echo is None else echo.decode("utf-8", "replace")
    answer = Answer(request["model"], content, [], len(said.split()))
    return Reply(_whole(answer, _count(request)), _events(answer, request), len(answer.words))


def _count(request: Json) -> int:
    n = request.get("n")
    return n if type(n) is int and n > 0 else 1


def _whole(answer: Answer, n: int) -> Json:
    choices = [_choice(index, answer.content or "", "stop") for index in range(n)]
    return {**_envelope(answer), "choices": choices, "usage": answer.usage}


def _choice(index: int, text: str, finish_reason: str | None = None) -> Json:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish_reason}


def _events(answer: Answer, request: Json) -> Iterator[Event]:
    """Yield a word each, in all choices; then the end, the usage if it was asked for, [DONE]."""
    envelope, indexes = _envelope(answer), range(_count(request))
    for word in answer.words:
        for index in indexes:
            yield Event(sse({**envelope, "choices": [_choice(index, word)]}), pauses=True)
    for index in indexes:
        yield Event(sse({**envelope, "choices": [_choice(index, "", "stop")]}))
    options = request.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage") is True:
        yield Event(sse({**envelope, "choices": [], "usage": answer.usage}))
    yield Event(_DONE)


def _envelope(answer: Answer) -> Json:
    return {
        "id": f"cmpl-demo-{secrets.token_hex(12)}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": answer.model,
        "system_fingerprint": "fp_replyto_demo",
    }
