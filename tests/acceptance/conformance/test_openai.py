"""The `openai` SDK, sync and async: every kind of answer, whole and streamed, and every error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from cli.ports import free_port
from shared.store import redis_keys
from shared.telemetry.counters import Count
from tests.acceptance.conformance.answers import (
    CALLS,
    CHOICES,
    CITY,
    LOGPROBS,
    REASONING,
    TEXT,
    USAGE,
)
from tests.acceptance.conformance.questions import TOOLS, City, messages, picture
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

#: Takes a question's fields; returns the `ChatCompletion` that the client has in the end.
Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async", "sync stream", "async stream"])
def ask(request: pytest.FixtureRequest, client: OpenAI, with_async_client: Any) -> Ask:
    """Each way of the SDK to a whole completion; the streams by its own accumulating helper."""

    def sync(**fields: Any) -> Any:
        return client.chat.completions.parse(**fields)

    def sync_stream(**fields: Any) -> Any:
        with client.chat.completions.stream(**fields) as stream:
            return stream.get_final_completion()

    def in_loop(**fields: Any) -> Any:
        return with_async_client(lambda client: client.chat.completions.parse(**fields))

    def in_loop_stream(**fields: Any) -> Any:
        async def read(client: AsyncOpenAI) -> Any:
            async with client.chat.completions.stream(**fields) as stream:
                return await stream.get_final_completion()

        return with_async_client(read)

    ways = {"sync": sync, "async": in_loop, "sync stream": sync_stream}
    return ways.get(request.param, in_loop_stream)


# --- answers ----------------------------------------------------------------------------------


def test_text_is_what_the_llm_said(ask: Ask) -> None:
    [choice] = ask(model="conf-text", messages=messages()).choices
    assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")
    assert choice.message.role == "assistant"


def test_parallel_tools_are_called(ask: Ask) -> None:
    [choice] = ask(model="conf-tools", messages=messages(), tools=TOOLS).choices
    assert choice.finish_reason == "tool_calls"
    calls = [(c.function.name, json.loads(c.function.arguments)) for c in choice.message.tool_calls]
    assert calls == CALLS
    assert [call.id for call in choice.message.tool_calls] == ["call_0", "call_1"]


def test_schema_is_parsed(stack: Stack, ask: Ask, marker: str) -> None:
    answer = ask(model="conf-json", messages=messages(marker), response_format=City)
    assert answer.choices[0].message.parsed == City.model_validate(CITY)
    [call] = stack.canned_calls(marker)
    schema = json.loads(call.body)["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("City", True)
    assert schema["schema"]["required"] == ["name", "people"]


def test_logprobs_come_with_their_tokens(ask: Ask) -> None:
    [choice] = ask(
        model="conf-logprobs", messages=messages(), logprobs=True, top_logprobs=1
    ).choices
    assert [(t.token, t.logprob) for t in choice.logprobs.content] == LOGPROBS
    assert choice.logprobs.content[0].top_logprobs[0].bytes == list(b"Hel")


def test_several_choices_come_apart(ask: Ask) -> None:
    choices = ask(model="conf-choices", messages=messages(), n=2).choices
    assert [(c.index, c.message.content) for c in choices] == list(enumerate(CHOICES))


def test_refusal_is_told(ask: Ask) -> None:
    [choice] = ask(model="conf-refusal", messages=messages()).choices
    assert choice.message.refusal == "I will not do that."
    assert choice.message.content is None


def test_fields_that_no_schema_knows_are_kept(ask: Ask) -> None:
    [choice] = ask(model="conf-reasoning", messages=messages()).choices
    assert choice.message.reasoning_content == REASONING
    assert choice.message.content == TEXT


def test_picture_reaches_the_llm_as_it_was_sent(stack: Stack, ask: Ask, marker: str) -> None:
    ask(model="conf-text", messages=picture(marker))
    [call] = stack.canned_calls(marker)
    assert json.loads(call.body)["messages"] == picture(marker)


@pytest.mark.parametrize("wanted", [True, False])
def test_usage_is_streamed_to_who_asks(client: OpenAI, wanted: bool) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if wanted else {}
    chunks = list(
        client.chat.completions.create(
            model="conf-text", messages=messages(), stream=True, **options
        )
    )
    told = [chunk.usage.to_dict() for chunk in chunks if chunk.usage]
    assert told == ([USAGE] if wanted else [])
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == TEXT


@pytest.mark.parametrize("model", ["conf-text", "conf-tools", "conf-choices", "conf-reasoning"])
def test_stored_result_is_what_the_sdk_accumulates(
    stack: Stack, client: OpenAI, marker: str, model: str
) -> None:
    """And what the LLM answers when it does not stream, usage included."""
    with client.chat.completions.stream(
        model=model, messages=messages(marker), extra_body={"refId": marker}
    ) as stream:
        final = stream.get_final_completion()
    with stack.api() as api:
        job = api.get("/api/WaitForOpenAiChat", params={"refId": marker}).json()["result"]
    stored = json.loads(job["responseBody"])
    whole = client.chat.completions.create(model=model, messages=messages(marker)).to_dict()
    assert stored == whole
    told = [c.to_dict() for c in final.choices]
    assert [(c["finish_reason"], c["message"]["content"]) for c in told] == [
        (c["finish_reason"], c["message"]["content"]) for c in stored["choices"]
    ]


# --- errors -----------------------------------------------------------------------------------


@pytest.fixture(params=["sync", "async", "sync stream", "async stream"])
def fail(request: pytest.FixtureRequest, stack: Stack) -> Callable[..., openai.OpenAIError]:
    """Each way of the SDK to an error: returns what it raises. Fields of the client come first."""
    kind, _, streams = request.param.partition(" ")

    def sync(options: Any, fields: Any) -> Any:
        with OpenAI(**options) as client:
            return client.chat.completions.create(**fields)

    def in_loop(options: Any, fields: Any) -> Any:
        async def run() -> Any:
            async with AsyncOpenAI(**options) as client:
                return await client.chat.completions.create(**fields)

        return asyncio.run(run())

    def run(options: Any = None, **fields: Any) -> openai.OpenAIError:
        options = {"base_url": f"{stack.url}/v1", "api_key": stack.api_key} | (options or {})
        fields = {"model": "conf-text", "messages": messages(), "stream": bool(streams)} | fields
        with pytest.raises(openai.OpenAIError) as raised:
            (sync if kind == "sync" else in_loop)(options, fields)
        return raised.value

    return run


@pytest.mark.parametrize(
    ("options", "fields", "error", "code"),
    [
        pytest.param(
            {"api_key": "sk-wrong"}, {}, openai.AuthenticationError, "invalid_api_key", id="401"
        ),
        pytest.param({}, {"model": "no"}, openai.NotFoundError, "model_not_found", id="404"),
        pytest.param({}, {"messages": []}, openai.BadRequestError, "invalid_value", id="400"),
        pytest.param(
            {}, {"model": "demo-fail-400"}, openai.BadRequestError, None, id="400 of the LLM"
        ),
        pytest.param(
            {},
            {"extra_body": {"replyTo": "ftp://x"}},
            openai.UnprocessableEntityError,
            "callback_target_refused",
            id="422",
        ),
    ],
)
def test_error_raises_its_class(
    fail: Callable[..., openai.APIStatusError], options: Any, fields: Any, error: Any, code: Any
) -> None:
    raised = fail(options, **fields)
    assert type(raised) is error
    assert raised.code == code
    assert raised.request_id
    assert str(raised.body["message"])


@pytest.mark.parametrize("fail", ["sync", "async stream"], indirect=True)
@pytest.mark.parametrize(
    ("model", "error", "type_"),
    [
        pytest.param("conf-busy", openai.RateLimitError, "rate_limit_exceeded", id="429"),
        pytest.param("demo-fail-500", openai.InternalServerError, "server_error", id="500"),
    ],
)
def test_failure_of_the_llm_that_stays_raises_its_class(
    fail: Callable[..., openai.APIStatusError], model: str, error: Any, type_: str
) -> None:
    raised = fail(model=model)
    assert (type(raised), raised.type) == (error, type_)
    # The attempts were made behind the gateway: the SDK does not repeat them.
    assert raised.response.headers["x-should-retry"] == "false"


def test_nobody_there_raises_connection_error(fail: Callable[..., openai.OpenAIError]) -> None:
    nowhere = {"base_url": f"http://127.0.0.1:{free_port()}/v1", "max_retries": 0}
    assert type(fail(nowhere)) is openai.APIConnectionError


def test_impatient_client_raises_timeout_error(
    stack: Stack, fail: Callable[..., openai.OpenAIError], marker: str
) -> None:
    raised = fail({"timeout": 5.0, "max_retries": 0}, model="demo-hang", messages=messages(marker))
    assert type(raised) is openai.APITimeoutError
    # Nobody waits for the answer any more: the LLM is let go.
    until(lambda: stack.llm_calls_over(marker), "the LLM's connection is closed")


def test_no_room_at_the_moment_is_retried_by_the_sdk(narrow: Stack, marker: str) -> None:
    refused = str(Count.REFUSED_SYNC_LIMIT)

    def held() -> Any:
        return client.chat.completions.create(
            model="sse-slow", messages=messages("held"), stream=True
        )

    def ask() -> Any:
        return client.chat.completions.with_raw_response.create(
            model="sse-tools", messages=messages(marker), stream=True, timeout=60
        )

    with (
        OpenAI(base_url=f"{narrow.url}/v1", api_key=narrow.api_key, max_retries=5) as client,
        ThreadPoolExecutor(1) as thread,
    ):
        stream = held()
        answer = thread.submit(ask)
        until(
            lambda: narrow.redis.hget(redis_keys.COUNTERS, refused),
            "it was refused",
        )
        stream.close()
        raw = answer.result(120)
        assert raw.retries_taken >= 1
        assert list(raw.parse())
    assert len(narrow.canned_calls(marker)) == 1
