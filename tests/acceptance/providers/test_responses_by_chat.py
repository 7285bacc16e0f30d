"""OpenAI's Python SDK asks providers for responses that have none: they are asked as chats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from tests.acceptance.llms.fake_anthropic import SIGNATURE
from tests.acceptance.system.dialect_stack import CLAUDE, LLAMA, DialectStack

TOOL: Any = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


@pytest.fixture
def client(dialects: DialectStack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{dialects.stack.url}/v1", api_key=dialects.stack.api_key) as client:
        yield client


@pytest.mark.parametrize("model", [CLAUDE, LLAMA])
def test_response_is_made_streamed_and_found_again(client: OpenAI, model: str) -> None:
    said = client.responses.create(model=model, instructions="Be brief.", input="Hi")
    assert (said.output_text, said.status) == ("You said: Hi", "completed")
    assert client.responses.retrieve(said.id).output_text == said.output_text
    with client.responses.stream(model=model, input="Hi") as stream:
        kinds = [event.type for event in stream]
        whole = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert "response.output_text.delta" in kinds
    assert (whole.output_text, kinds[-1]) == ("You said: Hi", "response.completed")
    assert whole.usage is not None
    assert whole.usage.total_tokens > 0


def test_thoughts_and_calls_go_back_with_the_results_of_tools(
    dialects: DialectStack, client: OpenAI
) -> None:
    fields: Any = {"model": CLAUDE, "tools": [TOOL], "reasoning": {"effort": "low"}}
    first: Any = client.responses.create(input="marked thoughts", **fields)
    thought, said, made = first.output
    assert thought.content[0].text == "Let me think."
    assert said.content[0].text == "You said: marked thoughts"
    assert (made.name, json.loads(made.arguments)) == ("get_weather", {"q": "ä"})
    result: Any = {"type": "function_call_output", "call_id": made.call_id, "output": "sunny"}
    asked: Any = [
        {"role": "user", "content": "marked thoughts"},
        *(item.model_dump(exclude_none=True) for item in first.output),
        result,
    ]
    second = client.responses.create(input=asked, **fields)
    assert second.output_text == "toolu_get_weather gave: sunny"
    sent = dialects.anthropic.calls_of("marked thoughts")[-1].request["messages"][1]["content"]
    assert sent[0]["signature"] == SIGNATURE


def test_what_a_chat_cannot_say_is_a_400_that_names_it(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model=CLAUDE, input="Hi", tools=[{"type": "web_search"}])
    assert caught.value.param == "tools[0].type"
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(model=CLAUDE, input="Hi", text={"format": {"type": "json_object"}})
    assert caught.value.param == "text.format"
