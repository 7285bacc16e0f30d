"""OpenAI's Python SDK reading streams: with another base URL, and nothing else changed."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.acceptance.llms.canned_streams import ODD_EVENTS, TOLD_ERROR
from tests.acceptance.system.stack import Stack

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {field: {"type": "string"}}},
        },
    }
    for name, field in (("get_weather", "city"), ("get_time", "zone"))
]


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        yield client


def messages(text: str = "Say hello") -> list[Any]:
    return [{"role": "user", "content": text}]


def text_of(chunks: Any) -> str:
    """Return the text of the first choice; ends with the stream."""
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def test_stream_says_what_an_unstreamed_answer_says(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="demo", messages=messages())
    chunks = list(client.chat.completions.create(model="demo", messages=messages(), stream=True))
    assert text_of(chunks) == whole.choices[0].message.content
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_stream_has_the_headers_of_openai(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="demo-instant", messages=messages(), stream=True
    )
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["x-job-id"]) > 0
    assert text_of(raw.parse())


def test_stream_helper_ends_with_the_final_completion(client: OpenAI) -> None:
    with client.chat.completions.stream(model="demo", messages=messages()) as stream:
        said = "".join(event.delta for event in stream if event.type == "content.delta")
        final = stream.get_final_completion()
    assert final.choices[0].message.content == said
    assert said.endswith("You said: Say hello")
    assert final.choices[0].finish_reason == "stop"


def test_usage_comes_when_it_is_asked_for(client: OpenAI) -> None:
    *chunks, last = client.chat.completions.create(
        model="demo-instant",
        messages=messages(),
        stream=True,
        stream_options={"include_usage": True},
    )
    assert last.choices == []
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)


def test_usage_does_not_come_when_it_is_not_asked_for(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model="demo-instant", messages=messages(), stream=True)
    )
    assert all(chunk.choices and "usage" not in chunk.to_dict() for chunk in chunks)


def test_parallel_tools_are_put_together(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="sse-tools", messages=messages(), tools=TOOLS
    ) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls or []
    told = [(c.id, c.function.name, json.loads(c.function.arguments)) for c in calls]
    assert told == [
        ("call_a", "get_weather", {"city": "Pärnu"}),
        ("call_b", "get_time", {"zone": "EET"}),
    ]


def test_several_choices_are_told_apart(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="sse-two-choices", messages=messages(), n=2
    ) as stream:
        final = stream.get_final_completion()
    told = [(c.index, c.message.content, c.finish_reason) for c in final.choices]
    assert told == [(0, "red two", "stop"), (1, "blue one", "stop")]


def test_unknown_fields_are_kept(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="sse-odd", messages=messages(), stream=True))
    assert [chunk.to_dict() for chunk in chunks] == [json.loads(event) for event in ODD_EVENTS]
    assert chunks[0].choices[0].delta.model_extra["reasoning_content"] == "Hm, "


@pytest.mark.parametrize(
    ("model", "error", "calls"),
    [
        # With our wish for usage, then in the client's own words.
        pytest.param("demo-fail-400", openai.BadRequestError, 2, id="the client's mistake"),
        pytest.param("demo-fail-429", openai.RateLimitError, 2, id="a limit that stays"),
        pytest.param("demo-fail-500", openai.InternalServerError, 2, id="a failure that stays"),
        pytest.param("demo-garbage", openai.InternalServerError, 2, id="an answer that is none"),
    ],
)
def test_failure_before_the_first_chunk_raises_its_class(
    stack: Stack, client: OpenAI, model: str, error: type[openai.APIStatusError], calls: int
) -> None:
    marker = uuid.uuid4().hex
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=model, messages=messages(marker), stream=True)
    assert raised.value.response.headers["content-type"] == "application/json"
    assert len(stack.llm_calls(marker)) == calls


@pytest.mark.parametrize(
    ("model", "status", "calls"),
    [
        pytest.param("sse-error-first", 503, 2, id="an error for a first event"),
        pytest.param("sse-nothing", 502, 2, id="an empty stream"),
        pytest.param("odd-numbers", 502, 2, id="an answer that is no stream"),
    ],
)
def test_stream_that_never_began_raises_a_status(
    stack: Stack, client: OpenAI, model: str, status: int, calls: int
) -> None:
    marker = uuid.uuid4().hex
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model=model, messages=messages(marker), stream=True)
    assert raised.value.status_code == status
    assert len(stack.canned_calls(marker)) == calls


def test_failure_that_passes_is_retried_before_the_first_chunk(
    stack: Stack, client: OpenAI
) -> None:
    marker = uuid.uuid4().hex
    stream = client.chat.completions.create(
        model="demo-flaky-1", messages=messages(marker), stream=True
    )
    assert marker in text_of(stream)
    assert [call.status for call in stack.llm_calls(marker)] == [500, 200]


@pytest.mark.parametrize(
    ("model", "code"),
    [
        pytest.param("sse-cut", "provider_unavailable", id="reset in the middle"),
        pytest.param("sse-ended", "provider_unavailable", id="ended without any sign of it"),
        pytest.param("sse-error", "busy", id="an error that the LLM tells"),
    ],
)
def test_failure_after_the_first_chunk_raises_api_error(
    stack: Stack, client: OpenAI, model: str, code: str
) -> None:
    """It never looks complete, and is never tried again: that would say something else."""
    marker = uuid.uuid4().hex
    stream = client.chat.completions.create(model=model, messages=messages(marker), stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["half ", "an answer"]
    with pytest.raises(openai.APIError) as raised:
        next(stream)
    assert raised.value.code == code
    assert len(stack.canned_calls(marker)) == 1


def test_error_of_the_llm_comes_as_it_told_it(client: OpenAI) -> None:
    stream = client.chat.completions.create(model="sse-error", messages=messages(), stream=True)
    with pytest.raises(openai.APIError) as raised:
        list(stream)
    assert raised.value.message == TOLD_ERROR["message"]
    assert raised.value.body == TOLD_ERROR | {"param": None}


def test_unknown_model_raises_not_found_error(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="no-such", messages=messages(), stream=True)


def test_async_client_reads_several_streams_at_once(stack: Stack) -> None:
    async def one(client: AsyncOpenAI, text: str) -> str:
        stream = await client.chat.completions.create(
            model="demo", messages=messages(text), stream=True
        )
        return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    async def all_of_them(texts: list[str]) -> list[str]:
        async with AsyncOpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
            return await asyncio.gather(*(one(client, text) for text in texts))

    texts = [f"Say number {number}" for number in range(8)]
    answers = asyncio.run(all_of_them(texts))
    assert [a.partition("You said: ")[2] for a in answers] == texts


def test_async_stream_helper_ends_with_the_final_completion(stack: Stack) -> None:
    async def run() -> Any:
        async with (
            AsyncOpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client,
            client.chat.completions.stream(
                model="sse-tools", messages=messages(), tools=TOOLS
            ) as stream,
        ):
            return await stream.get_final_completion()

    final = asyncio.run(run())
    calls = final.choices[0].message.tool_calls
    assert [call.function.arguments for call in calls] == ['{"city":"Pärnu"}', '{"zone":"EET"}']


def test_async_stream_that_breaks_raises_api_error(stack: Stack) -> None:
    async def run() -> None:
        async with AsyncOpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
            stream = await client.chat.completions.create(
                model="sse-ended", messages=messages(), stream=True
            )
            async for _ in stream:
                pass

    with pytest.raises(openai.APIError):
        asyncio.run(run())
