"""OpenAI's chat request as a request of the Messages API."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.anthropic_wire import check
from workers.providers.anthropic.request import DEFAULT_MAX_TOKENS, to_messages_request
from workers.providers.anthropic.thinking import is_adaptive
from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]

HELLO: Json = {"role": "user", "content": "Hello"}
PNG = "data:image/png;base64,iVBORw0KGgo="
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
THOUGHT: Json = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}


def chat(*messages: Json, **fields: Any) -> Json:
    return {"model": "claude-sonnet-4-5", "messages": list(messages or (HELLO,)), **fields}


def translate(*messages: Json, **fields: Any) -> Json:
    """Return the translation; it must be one that the API takes, and the chat as it was."""
    given = chat(*messages, **fields)
    before = copy.deepcopy(given)
    request = to_messages_request(given)
    assert given == before
    check(request)
    return request


def call(call_id: str, arguments: str = "{}", name: str = "get_weather") -> Json:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def test_request_has_its_model_its_message_and_a_limit() -> None:
    assert translate() == {
        "model": "claude-sonnet-4-5",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        "max_tokens": DEFAULT_MAX_TOKENS,
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"max_tokens": 7}, {"max_tokens": 7}, id="limit by its old name"),
        pytest.param({"max_completion_tokens": 7}, {"max_tokens": 7}, id="limit by its new name"),
        pytest.param(
            {"max_tokens": None}, {"max_tokens": DEFAULT_MAX_TOKENS}, id="null is not given"
        ),
        pytest.param({"temperature": 1.7}, {"temperature": 1}, id="temperature above 1"),
        pytest.param({"temperature": 0.3}, {"temperature": 0.3}, id="temperature below 1"),
        pytest.param({"top_p": 0.9}, {"top_p": 0.9}, id="top_p"),
        pytest.param({"stop": "END"}, {"stop_sequences": ["END"]}, id="one stop"),
        pytest.param({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}, id="several stops"),
        pytest.param({"user": "u1"}, {"metadata": {"user_id": "u1"}}, id="user"),
        pytest.param(
            {"safety_identifier": "s1"}, {"metadata": {"user_id": "s1"}}, id="safety_identifier"
        ),
        pytest.param({"service_tier": "auto"}, {"service_tier": "auto"}, id="tier of both"),
        pytest.param({"stream": True}, {"stream": True}, id="stream"),
        pytest.param({"top_k": 5}, {"top_k": 5}, id="the API's own field"),
        pytest.param({"n": 1, "logprobs": False}, {}, id="wishes for nothing"),
        pytest.param({"seed": 1, "store": True, "metadata": {"a": "b"}}, {}, id="hints"),
        pytest.param({"parallel_tool_calls": False}, {}, id="parallel calls without tools"),
        pytest.param(
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"a": 1}}}},
            {"output_config": {"format": {"type": "json_schema", "schema": {"a": 1}}}},
            id="schema",
        ),
        pytest.param({"response_format": {"type": "text"}}, {}, id="plain text"),
    ],
)
def test_field_becomes_its_counterpart(fields: Json, expected: Json) -> None:
    assert translate(**fields) == {**translate(), **expected}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"n": 2}, "n", id="two choices"),
        pytest.param({"logprobs": True}, "logprobs", id="log probabilities"),
        pytest.param({"top_logprobs": 3}, "top_logprobs", id="top log probabilities"),
        pytest.param({"logit_bias": {"1": 2}}, "logit_bias", id="biased tokens"),
        pytest.param({"frequency_penalty": 0.5}, "frequency_penalty", id="penalty"),
        pytest.param({"modalities": ["text", "audio"]}, "modalities", id="audio"),
        pytest.param({"functions": [{"name": "f"}]}, "functions", id="functions of old"),
        pytest.param(
            {"response_format": {"type": "json_object"}}, "response_format", id="any JSON"
        ),
        pytest.param({"reasoning_effort": "much"}, "reasoning_effort", id="unknown effort"),
        pytest.param(
            {"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0]", id="custom tool"
        ),
        pytest.param(
            {"tools": [WEATHER], "tool_choice": "maybe"}, "tool_choice", id="unknown choice"
        ),
        pytest.param(
            {"messages": [{"role": "function", "content": "x"}]}, "messages[0].role", id="role"
        ),
        pytest.param(
            {"messages": [{"role": "system", "content": "x"}]}, "messages", id="nothing but system"
        ),
        pytest.param(
            {"messages": [{"role": "tool", "content": "x"}]},
            "messages[0].tool_call_id",
            id="result of no call",
        ),
        pytest.param(
            {"messages": [{"role": "assistant", "tool_calls": [call("c1", "{not json")]}]},
            "messages[0].tool_calls[0].function.arguments",
            id="arguments that are no JSON",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages[0].content[0]",
            id="audio part",
        ),
        pytest.param(
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "ftp://x/y"}}],
                    }
                ]
            },
            "messages[0].content[0].image_url.url",
            id="image that nobody can fetch",
        ),
    ],
)
def test_wish_that_cannot_be_met_is_refused_by_its_name(fields: Json, named: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        to_messages_request({**chat(), **fields})
    assert caught.value.field == named


def test_system_and_developer_messages_become_the_system_prompt() -> None:
    request = translate(
        {"role": "system", "content": "Be brief."},
        HELLO,
        {"role": "developer", "content": [{"type": "text", "text": "And kind."}]},
    )
    assert [block["text"] for block in request["system"]] == ["Be brief.", "And kind."]
    assert [turn["role"] for turn in request["messages"]] == ["user"]


def test_neighbours_of_one_role_become_one_turn() -> None:
    request = translate(HELLO, {"role": "user", "content": "again"})
    (turn,) = request["messages"]
    assert [block["text"] for block in turn["content"]] == ["Hello", "again"]


def test_empty_texts_are_left_out_because_the_api_refuses_them() -> None:
    parts = [{"type": "text", "text": ""}, {"type": "text", "text": "x"}]
    request = translate(
        {"role": "user", "content": parts},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "y"},
    )
    assert [block["text"] for block in request["messages"][0]["content"]] == ["x", "y"]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        pytest.param(
            {"type": "image_url", "image_url": {"url": PNG, "detail": "high"}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
            },
            id="image in a data: URL",
        ),
        pytest.param(
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            id="image behind a URL",
        ),
        pytest.param(
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
            },
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
            id="file",
        ),
        pytest.param(
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
            id="mark for the cache",
        ),
        pytest.param(
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            id="block of the API's own",
        ),
    ],
)
def test_part_becomes_a_block(part: Json, block: Json) -> None:
    request = translate({"role": "user", "content": [part]})
    assert request["messages"][0]["content"] == [block]


def test_parallel_calls_and_their_results_become_two_turns() -> None:
    request = translate(
        HELLO,
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [call("c1", '{"city": "Paris"}'), call("c2", "")],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": "And now?"},
        tools=[WEATHER],
    )
    _, said, answered = request["messages"]
    assert said["content"] == [
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "c1", "name": "get_weather", "input": {"city": "Paris"}},
        {"type": "tool_use", "id": "c2", "name": "get_weather", "input": {}},
    ]
    assert answered["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": "sunny"},
        {"type": "tool_result", "tool_use_id": "c2"},
        {"type": "text", "text": "And now?"},
    ]


def test_tool_result_can_hold_an_image() -> None:
    picture = {"type": "image_url", "image_url": {"url": PNG}}
    request = translate(
        HELLO,
        {"role": "assistant", "tool_calls": [call("c1")]},
        {"role": "tool", "tool_call_id": "c1", "content": [picture]},
    )
    (result,) = request["messages"][-1]["content"]
    assert result["content"][0]["type"] == "image"


def test_tool_becomes_one_of_the_api() -> None:
    bare = {"type": "function", "function": {"name": "now", "strict": True}}
    assert translate(tools=[WEATHER, bare])["tools"] == [
        {
            "name": "get_weather",
            "description": "Tells the weather",
            "input_schema": WEATHER["function"]["parameters"],
        },
        {
            "name": "now",
            "input_schema": {"type": "object", "properties": {}},
            "strict": True,
        },
    ]


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        pytest.param({}, None, id="nothing said"),
        pytest.param({"tool_choice": "auto"}, {"type": "auto"}, id="auto"),
        pytest.param({"tool_choice": "none"}, {"type": "none"}, id="none"),
        pytest.param({"tool_choice": "required"}, {"type": "any"}, id="required"),
        pytest.param(
            {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
            {"type": "tool", "name": "get_weather"},
            id="named",
        ),
        pytest.param(
            {"parallel_tool_calls": False},
            {"type": "auto", "disable_parallel_tool_use": True},
            id="one at a time",
        ),
        pytest.param(
            {"parallel_tool_calls": False, "tool_choice": "none"},
            {"type": "none"},
            id="none",
        ),
        pytest.param({"parallel_tool_calls": True}, None, id="parallel is the default"),
    ],
)
def test_tool_choice_becomes_the_apis(fields: Json, choice: Json | None) -> None:
    assert translate(tools=[WEATHER], **fields).get("tool_choice") == choice


# --- thinking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-3-5-haiku-latest", False),
        ("claude-3-haiku-20240307", False),
        ("claude-opus-4-20250514", False),
        ("claude-opus-4-1-20250805", False),
        ("claude-sonnet-4-5", False),
        ("claude-opus-4-6", True),
        ("anthropic/claude-sonnet-4.6", True),
        ("claude-opus-4-10", True),
        ("claude-sonnet-5", True),
        ("claude-opus-5-5-20270101", True),
        ("claude-mythos-preview", True),
        ("a-model-of-another-name", True),
    ],
)
def test_model_takes_an_effort_or_a_budget_by_its_version(model: str, expected: bool) -> None:
    assert is_adaptive(model) is expected


def test_effort_becomes_adaptive_thinking_at_a_new_model() -> None:
    schema = {"type": "json_schema", "json_schema": {"schema": {}}}
    request = translate(model="claude-opus-4-6", reasoning_effort="low", response_format=schema)
    assert request["thinking"]["type"] == "adaptive"
    assert request["output_config"] == {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {}},
    }
    assert request["max_tokens"] == DEFAULT_MAX_TOKENS


@pytest.mark.parametrize(
    ("fields", "budget", "max_tokens"),
    [
        pytest.param({"reasoning_effort": "low"}, 1024, DEFAULT_MAX_TOKENS + 1024, id="low"),
        pytest.param({"reasoning_effort": "high"}, 16_384, DEFAULT_MAX_TOKENS + 16_384, id="high"),
        pytest.param(
            {"reasoning_effort": "high", "max_tokens": 3000}, 2999, 3000, id="within the limit"
        ),
        pytest.param(
            {"reasoning_effort": "low", "max_tokens": 500}, None, 500, id="a limit too small"
        ),
        pytest.param({"reasoning_effort": "none"}, None, DEFAULT_MAX_TOKENS, id="none"),
        pytest.param(
            {"reasoning_effort": "low", "thinking": {"type": "disabled"}},
            None,
            DEFAULT_MAX_TOKENS,
            id="the API's own field wins",
        ),
    ],
)
def test_effort_becomes_a_budget_at_an_old_model(
    fields: Json, budget: int | None, max_tokens: int
) -> None:
    request = translate(**fields)
    assert request.get("thinking", {}).get("budget_tokens") == budget
    assert request["max_tokens"] == max_tokens


@pytest.mark.parametrize(
    ("thoughts", "thinks"),
    [
        pytest.param([{**THOUGHT, "index": 0}], True, id="with its thoughts"),
        pytest.param([], False, id="without them the API would refuse to go on"),
    ],
)
def test_round_of_tools_is_sent_back_with_the_thoughts_that_led_to_it(
    thoughts: list[Json], thinks: bool
) -> None:
    request = translate(
        HELLO,
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "Hm.",
            "thinking_blocks": thoughts,
            "tool_calls": [call("c1")],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        tools=[WEATHER],
        reasoning_effort="low",
    )
    assert ("thinking" in request) is thinks
    assert (request["messages"][1]["content"][0] == THOUGHT) is thinks
