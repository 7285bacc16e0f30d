"""What the demo LLM says, in OpenAI's shapes: completions, chunks, errors, models. No effects."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from types import UnionType
from typing import Any, Final

Json = dict[str, Any]

#: Longest part of the user's message that an answer repeats, characters.
_QUOTED = 400

_CREATED = 1_735_689_600

#: How people begin who try something out.
_GREETING: Final = re.compile(r"\s*(?:hello|hi|hey|good \w+|who|what can)\b", re.IGNORECASE)

_SHOWN: Final = """This is ReplyTo's demo LLM, not a real model. Answers can look like this:

| step | what happens |
|---|---|
| 1 | your message becomes a job, which is never lost |
| 2 | a worker asks a model of a provider |
| 3 | the answer comes word by word, also after a reload |

```python
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:5006/v1", api_key="ak-…")
```

And formulas: $e^{i\\pi} + 1 = 0$. Add a provider on the admin pages to ask a real model.

"""


class BadRequest(Exception):
    """The request is not one that can be answered; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The assistant's message and what belongs to it."""

    model: str
    content: str | None
    tool_calls: list[Json]
    prompt_tokens: int

    @property
    def words(self) -> list[str]:
        """The content cut where a stream pauses; joined again it is the same text."""
        return re.split(r"(?<=\s)(?=\S)", self.content or "")

    @property
    def finish_reason(self) -> str:
        """Why the model stopped."""
        return "tool_calls" if self.tool_calls else "stop"

    @property
    def usage(self) -> Json:
        """Token counts: words, near enough for a demo."""
        completion = len(self.words) + 8 * len(self.tool_calls)
        total = self.prompt_tokens + completion
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": total,
        }


def parse_request(body: bytes) -> Json:
    """Read a chat request; raises BadRequest as an LLM server would refuse it."""
    request = parse_object(body, "messages", list)
    if not all(isinstance(message, dict) for message in request["messages"]):
        raise BadRequest("'messages' must be a list of objects")
    return request


def parse_object(body: bytes, asks: str, kind: type | UnionType) -> Json:
    """Read a request with a model, and a value of that type under `asks`; raises BadRequest."""
    return checked(parse_json(body), asks, kind)


def parse_json(body: bytes) -> Json:
    """Read a request's object; raises BadRequest."""
    try:
        request = json.loads(body)
    except ValueError as exc:
        raise BadRequest(f"the body is not JSON: {exc}") from exc
    if not isinstance(request, dict):
        raise BadRequest("the body is no object")
    return request


def checked(request: Json, asks: str, kind: type | UnionType) -> Json:
    """Return a request that has a model, and a value of that type under `asks`."""
    if not isinstance(request.get("model"), str):
        raise BadRequest("'model' is missing")
    if not isinstance(request.get(asks), kind):
        raise BadRequest(f"'{asks}' is missing, or none of its types")
    return request


def answer_to(request: Json, *, echo: bytes | None = None) -> Answer:
    """Return the answer to a chat request; with `echo` its content is that text, exactly."""
    said = _last_user_text(request["messages"])
    calls = _tool_calls(request) if "use tool" in said.lower() else []
    prompt_tokens = sum(len(text_of(m.get("content")).split()) for m in request["messages"])
    content = None if calls else _greeted(request, said) or content_about(said)
    if echo is not None:
        content = echo.decode("utf-8", "replace")
    return Answer(request["model"], content, calls, prompt_tokens)


def _greeted(request: Json, said: str) -> str:
    """Return the answer to who says hello to `demo`, as people do first; else nothing."""
    is_first = not any(message.get("role") == "assistant" for message in request["messages"])
    if request["model"] != "demo" or not is_first or not _GREETING.match(said):
        return ""
    return f"{_SHOWN}You said: {said[:_QUOTED]}"


def content_about(said: str) -> str:
    """Return the demo LLM's answer to what it was told."""
    quoted = said if len(said) <= _QUOTED else said[:_QUOTED] + "…"
    return f"This is ReplyTo's demo LLM, not a real model. You said: {quoted}"


def _last_user_text(messages: list[Json]) -> str:
    texts = (text_of(m.get("content")) for m in reversed(messages) if m.get("role") == "user")
    return next(texts, "")


def text_of(content: object) -> str:
    """Return the text of a message's content: a string, or its text parts."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return " ".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _tool_calls(request: Json) -> list[Json]:
    """Return a call of the first function tool of the request, if it has one."""
    tools = request.get("tools")
    for tool in tools if isinstance(tools, list) else []:
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            call = {"name": function["name"], "arguments": "{}"}
            return [{"id": f"call_{secrets.token_hex(12)}", "type": "function", "function": call}]
    return []


def completion(answer: Answer) -> Json:
    """Return the answer as a `chat.completion`."""
    message: Json = {"role": "assistant", "content": answer.content, "refusal": None}
    if answer.tool_calls:
        message["tool_calls"] = answer.tool_calls
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": answer.finish_reason,
    }
    return {**_envelope(answer, "chat.completion"), "choices": [choice], "usage": answer.usage}


def chunks(answer: Answer, *, include_usage: bool) -> Iterator[Json]:
    """Yield the answer as `chat.completion.chunk`s: role, a word each, the end, the usage."""
    envelope = _envelope(answer, "chat.completion.chunk")

    def chunk(delta: Json, finish_reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**envelope, "choices": [choice], **({"usage": None} if include_usage else {})}

    yield chunk({"role": "assistant", "content": None if answer.tool_calls else ""})
    for index, call in enumerate(answer.tool_calls):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    for word in answer.words if answer.content else ():
        yield chunk({"content": word})
    yield chunk({}, answer.finish_reason)
    if include_usage:
        yield {**envelope, "choices": [], "usage": answer.usage}


def _envelope(answer: Answer, kind: str) -> Json:
    return {
        "id": f"chatcmpl-demo-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": answer.model,
        "system_fingerprint": "fp_replyto_demo",
    }


def error(status: int, message: str, code: str | None = None) -> Json:
    """Return OpenAI's error body for this HTTP status."""
    known = {
        401: ("invalid_request_error", "invalid_api_key"),
        404: ("invalid_request_error", "model_not_found"),
        429: ("rate_limit_exceeded", "rate_limit_exceeded"),
    }
    kind, default = known.get(
        status,
        (
            "server_error"
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else "invalid_request_error",
            None,
        ),
    )
    return {
        "error": {"message": message, "type": kind, "param": None, "code": code or default},
    }


def model_card(name: str) -> Json:
    """Return a model as `/v1/models` lists it."""
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "replyto-demo"}
