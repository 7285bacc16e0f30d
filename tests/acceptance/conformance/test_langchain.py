"""LangChain's ChatOpenAI: invoke, stream, tools, structured answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import reduce
from operator import add
from typing import Any

import openai
import pytest

from tests.acceptance.conformance.answers import CALLS, CITY, TEXT, USAGE
from tests.acceptance.conformance.questions import TOOLS, City, picture
from tests.acceptance.system.stack import Stack

pytestmark = [
    # LangChain's own.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
]

Model = Callable[..., Any]


@pytest.fixture
def model(stack: Stack, base_url: str) -> Model:
    from langchain_openai import ChatOpenAI  # noqa: PLC0415 - slow

    def make(name: str, **fields: Any) -> Any:
        fields = {"max_retries": 0, **fields}
        return ChatOpenAI(model=name, base_url=base_url, api_key=stack.api_key, **fields)

    return make


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """One for all: LangChain keeps its async client, which belongs to a loop."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=["invoke", "ainvoke", "stream", "astream"])
def run(request: pytest.FixtureRequest, loop: asyncio.Runner) -> Callable[[Any, Any], Any]:
    """Each way of LangChain to a whole message."""

    async def astream(runnable: Any, question: Any) -> Any:
        return reduce(add, [chunk async for chunk in runnable.astream(question)])

    ways: dict[str, Callable[[Any, Any], Any]] = {
        "invoke": lambda runnable, question: runnable.invoke(question),
        "ainvoke": lambda runnable, question: loop.run(runnable.ainvoke(question)),
        "stream": lambda runnable, question: reduce(add, runnable.stream(question)),
        "astream": lambda runnable, question: loop.run(astream(runnable, question)),
    }
    return ways[request.param]


def test_message_is_what_the_llm_said(model: Model, run: Any) -> None:
    message = run(model("conf-text", stream_usage=True), "Say hello")
    assert message.content == TEXT
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata["total_tokens"] == USAGE["total_tokens"]


def test_bound_tools_are_called_in_parallel(model: Model, run: Any) -> None:
    message = run(model("conf-tools").bind_tools(TOOLS), "What of Pärnu?")
    assert [(call["name"], call["args"]) for call in message.tool_calls] == CALLS


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_structured_answer_is_parsed(stack: Stack, model: Model, marker: str, method: str) -> None:
    structured = model("conf-json").with_structured_output(City, method=method)
    assert structured.invoke(f"In JSON: {marker}") == City.model_validate(CITY)
    [call] = stack.canned_calls(marker)
    kind = {"json_mode": "json_object"}.get(method, method)
    assert json.loads(call.body)["response_format"]["type"] == kind


def test_picture_reaches_the_llm_as_it_was_sent(
    stack: Stack, model: Model, run: Any, marker: str
) -> None:
    from langchain_core.messages import HumanMessage  # noqa: PLC0415 - slow

    [question] = picture(marker)
    run(model("conf-text"), [HumanMessage(content=question["content"])])
    [call] = stack.canned_calls(marker)
    assert json.loads(call.body)["messages"] == [question]


def test_many_questions_are_answered_at_once(model: Model) -> None:
    answers = model("conf-text").batch(["One?", "Two?", "Three?"])
    assert [answer.content for answer in answers] == [TEXT] * 3


@pytest.mark.parametrize(
    ("name", "fields", "error"),
    [
        pytest.param("no-such", {}, openai.NotFoundError, id="404"),
        pytest.param("demo-fail-400", {}, openai.BadRequestError, id="400"),
        pytest.param("conf-busy", {}, openai.RateLimitError, id="429"),
        pytest.param("demo-hang", {"timeout": 1.0}, openai.APITimeoutError, id="time-out"),
    ],
)
def test_error_raises_its_class(model: Model, name: str, fields: Any, error: Any) -> None:
    with pytest.raises(error):
        model(name, **fields).invoke("Say hello")


def test_stream_that_breaks_raises(model: Model) -> None:
    with pytest.raises(openai.APIError):
        list(model("sse-cut").stream("Say hello"))
