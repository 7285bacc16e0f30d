"""What the demo LLM says to a chat, ready to be sent."""

from __future__ import annotations

from collections.abc import Iterator

from cli.demo import answers
from cli.demo.reply import Event, Reply, sse


def reply(request: answers.Json, echo: bytes | None) -> Reply:
    """Return the answer to a chat request; with `echo` its content is that text, exactly."""
    answer = answers.answer_to(request, echo=echo)
    return Reply(answers.completion(answer), _events(answer, request), len(answer.words))


def _events(answer: answers.Answer, request: answers.Json) -> Iterator[Event]:
    options = request.get("stream_options")
    include_usage = isinstance(options, dict) and options.get("include_usage") is True
    for chunk in answers.chunks(answer, include_usage=include_usage):
        is_word = bool(chunk["choices"] and chunk["choices"][0]["delta"].get("content"))
        yield Event(sse(chunk), pauses=is_word)
    yield Event(b"data: [DONE]\n\n")
