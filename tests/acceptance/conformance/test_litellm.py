"""LiteLLM's client, which speaks to ReplyTo as to any server of OpenAI's API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.acceptance.conformance.answers import (
    CALLS,
    CHOICES,
    CITY,
    REASONING,
    TEXT,
    USAGE,
)
from tests.acceptance.conformance.questions import TOOLS, City, messages, picture
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

pytestmark = [
    # LiteLLM's own: of pydantic's and asyncio's older ways.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*using the `ReadOnly` qualifier:UserWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

#: Takes a question's fields; returns the answer as LiteLLM has it in the end.
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def litellm() -> Iterator[ModuleType]:
    """LiteLLM without anything that asks the network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        import litellm  # noqa: PLC0415 - slow, and after its environment

        patch.setattr(litellm, "suppress_debug_info", True)
        yield litellm


@pytest.fixture
def options(stack: Stack, base_url: str) -> dict[str, Any]:
    return {"api_base": base_url, "api_key": stack.api_key, "num_retries": 0, "max_retries": 0}


@pytest.fixture(params=["sync", "async", "sync stream", "async stream"])
def ask(request: pytest.FixtureRequest, litellm: ModuleType, options: dict[str, Any]) -> Ask:
    """Each way of LiteLLM to a whole answer."""
    kind, _, stream = request.param.partition(" ")
    if stream:
        options["stream"] = True

    async def in_loop(**fields: Any) -> Any:
        answer = await litellm.acompletion(**options, **fields)
        if not stream:
            return answer
        return litellm.stream_chunk_builder([chunk async for chunk in answer])

    def ask(model: str, **fields: Any) -> Any:
        fields = {"model": f"openai/{model}", **fields}
        if kind == "async":
            return asyncio.run(in_loop(**fields))
        answer = litellm.completion(**options, **fields)
        return litellm.stream_chunk_builder(list(answer)) if stream else answer

    return ask


def test_text_is_what_the_llm_said(ask: Ask) -> None:
    [choice] = ask("conf-text", messages=messages()).choices
    assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")


def test_parallel_tools_are_called(ask: Ask) -> None:
    # Else tools want a package of LiteLLM's extras, for tools that its own proxy would run.
    own = {"_skip_mcp_handler": True}
    [choice] = ask("conf-tools", messages=messages(), tools=TOOLS, **own).choices
    calls = [(c.function.name, json.loads(c.function.arguments)) for c in choice.message.tool_calls]
    assert calls == CALLS
    assert choice.finish_reason == "tool_calls"


def test_reasoning_comes_beside_the_text(ask: Ask) -> None:
    [choice] = ask("conf-reasoning", messages=messages()).choices
    assert choice.message.reasoning_content == REASONING
    assert choice.message.content == TEXT


def test_structured_answer_has_its_schema(stack: Stack, ask: Ask, marker: str) -> None:
    answer = ask("conf-json", messages=messages(marker), response_format=City)
    assert json.loads(answer.choices[0].message.content) == CITY
    [call] = stack.canned_calls(marker)
    assert json.loads(call.body)["response_format"]["json_schema"]["name"] == "City"


def test_picture_reaches_the_llm_as_it_was_sent(stack: Stack, ask: Ask, marker: str) -> None:
    ask("conf-text", messages=picture(marker))
    [call] = stack.canned_calls(marker)
    assert json.loads(call.body)["messages"] == picture(marker)


def test_usage_and_several_choices_come(litellm: ModuleType, options: dict[str, Any]) -> None:
    answer = litellm.completion(model="openai/conf-choices", messages=messages(), n=2, **options)
    assert [choice.message.content for choice in answer.choices] == list(CHOICES)
    assert answer.usage.total_tokens == USAGE["total_tokens"]


def test_usage_is_streamed_to_who_asks(litellm: ModuleType, options: dict[str, Any]) -> None:
    chunks = litellm.completion(
        model="openai/conf-text",
        messages=messages(),
        stream=True,
        stream_options={"include_usage": True},
        **options,
    )
    told = [usage.total_tokens for c in chunks if (usage := getattr(c, "usage", None))]
    assert told == [USAGE["total_tokens"]]


@pytest.mark.parametrize(
    ("model", "more", "error"),
    [
        pytest.param("conf-text", {"api_key": "sk-wrong"}, "AuthenticationError", id="401"),
        pytest.param("no-such", {}, "NotFoundError", id="404"),
        pytest.param("demo-fail-400", {}, "BadRequestError", id="400"),
        pytest.param("conf-busy", {}, "RateLimitError", id="429"),
        pytest.param("demo-fail-500", {}, "InternalServerError", id="500"),
    ],
)
def test_error_raises_its_class(
    litellm: ModuleType, options: dict[str, Any], model: str, more: Any, error: str
) -> None:
    with pytest.raises(getattr(litellm, error)):
        litellm.completion(model=f"openai/{model}", messages=messages(), **{**options, **more})


def test_batch_runs_from_upload_to_answers(
    litellm: ModuleType, stack: Stack, base_url: str
) -> None:
    at = {"custom_llm_provider": "openai", "api_base": base_url, "api_key": stack.api_key}
    body = {"model": "conf-text", "messages": messages()}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    source = ("in.jsonl", json.dumps(line).encode())
    file = litellm.create_file(file=source, purpose="batch", **at)
    batch = litellm.create_batch(
        completion_window="24h", endpoint=line["url"], input_file_id=file.id, **at
    )

    def ended() -> Any:
        found = litellm.retrieve_batch(batch_id=batch.id, **at)
        return found if found.status == "completed" else None

    done = until(ended, "the batch has ended")
    assert done.request_counts.completed == 1
    answer = json.loads(litellm.file_content(file_id=done.output_file_id, **at).text)
    assert answer["response"]["body"]["choices"][0]["message"]["content"] == TEXT


def test_stream_that_breaks_raises(litellm: ModuleType, options: dict[str, Any]) -> None:
    stream = litellm.completion(model="openai/sse-cut", messages=messages(), stream=True, **options)
    with pytest.raises(litellm.exceptions.MidStreamFallbackError):
        list(stream)
