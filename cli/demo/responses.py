"""What the demo LLM says to a request of the Responses API."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from itertools import count
from typing import Final

from cli.demo.answers import Answer, Json, checked, content_about, parse_json, text_of
from cli.demo.reply import Event, Reply, sse

#: The model of every stored prompt.
STORED_MODEL: Final = "demo"
#: What a response repeats of its request, with the values that it has of itself.
_REPEATED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}


def parse(body: bytes) -> Json:
    """Read the request; raises BadRequest as an LLM server would refuse it.

    What is stored has the model and the input of its own: any prompt is taken for one.
    """
    request = parse_json(body)
    if request.get("prompt") or not request.keys() & {"model", "input"}:
        request = {"model": STORED_MODEL, "input": "", **request}
    return checked(request, "input", str | list)


def reply(request: Json, echo: bytes | None) -> Reply:
    """Return the response to the input; with `echo` its text is that, exactly."""
    said = _said(request["input"])
    content = content_about(said) if echo is None else echo.decode("utf-8", "replace")
    answer = Answer(request["model"], content, [], len(said.split()))
    begun = _begun(request)
    item = _item(content)
    whole = {**begun, "status": "completed", "output": [item], "usage": _usage(answer)}
    return Reply(whole, _events(begun, item, whole, answer), len(answer.words))


def _said(given: str | list[Json]) -> str:
    """Return what the input says at its end."""
    if isinstance(given, str):
        return given
    texts = [text_of(item.get("content")) for item in given if isinstance(item, dict)]
    return texts[-1] if texts else ""


def _begun(request: Json) -> Json:
    repeated = {
        name: default if request.get(name) is None else request[name]
        for name, default in _REPEATED.items()
    }
    return {
        "id": f"resp_demo{secrets.token_hex(20)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": request["model"],
        "output": [],
        **repeated,
        "reasoning": {"effort": None, "summary": None},
        "text": {"format": {"type": "text"}},
        "usage": None,
        "user": None,
    }


def _item(content: str) -> Json:
    return {
        "id": f"msg_demo{secrets.token_hex(20)}",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [_part(content)],
    }


def _part(content: str) -> Json:
    return {"type": "output_text", "text": content, "annotations": [], "logprobs": []}


def _usage(answer: Answer) -> Json:
    usage = answer.usage
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage["total_tokens"],
    }


def _events(begun: Json, item: Json, whole: Json, answer: Answer) -> Iterator[Event]:
    """Yield the events in the order in which OpenAI's API has them; there is no [DONE]."""
    numbers = count()

    def event(kind: str, **fields: object) -> bytes:
        return sse({"type": kind, "sequence_number": next(numbers), **fields}, kind)

    output = {"output_index": 0}
    content = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    empty = {**item, "status": "in_progress", "content": []}
    yield Event(event("response.created", response=begun))
    yield Event(event("response.in_progress", response=begun))
    yield Event(event("response.output_item.added", **output, item=empty))
    yield Event(event("response.content_part.added", **content, part=_part("")))
    for word in answer.words:
        delta = event("response.output_text.delta", **content, delta=word, logprobs=[])
        yield Event(delta, pauses=True)
    text = answer.content or ""
    yield Event(event("response.output_text.done", **content, text=text, logprobs=[]))
    yield Event(event("response.content_part.done", **content, part=_part(text)))
    yield Event(event("response.output_item.done", **output, item=item))
    yield Event(event("response.completed", response=whole))
