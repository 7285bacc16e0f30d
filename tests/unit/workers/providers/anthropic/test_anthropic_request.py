"""OpenAI's chat request as a request of the Messages API."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.anthropic_wire import check
from workers.providers.anthropic.request import DEFAULT_MAX_TOKENS, to_messages_request
from workers.providers.anthropic.response import completion
from workers.providers.anthropic.stream import ChunkStream
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
    request = to_messages_request(given).request
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


# --- what the API refuses beside one another --------------------------------------------------


def fitted(*messages: Json, **fields: Any) -> tuple[Json, tuple[str, ...]]:
    """Return the translation, which the API must take, and what it changed."""
    translation = to_messages_request(chat(*messages, **fields))
    check(translation.request)
    return translation.request, translation.adjusted


TEMPERATURES: Any = ("temperature", "top_p", "top_k")


@pytest.mark.parametrize(
    ("model", "fields", "kept", "adjusted"),
    [
        pytest.param("claude-opus-4-7", {"temperature": 0.2}, {}, ["temperature"], id="taken away"),
        pytest.param("claude-sonnet-5", {"top_p": 0.2, "top_k": 4}, {}, ["top_p", "top_k"], id="5"),
        pytest.param("claude-latest", {"temperature": 0.2}, {}, ["temperature"], id="newest"),
        pytest.param("claude-opus-4-8", {"temperature": 1, "top_p": 1.0}, {}, [], id="defaults"),
        pytest.param(
            "claude-opus-4-1-20250805",
            {"temperature": 0.2, "top_p": 0.9},
            {"temperature": 0.2},
            ["top_p"],
            id="one of both",
        ),
        pytest.param(
            "claude-sonnet-4-5",
            {"temperature": 1, "top_p": 0.9},
            {"top_p": 0.9},
            [],
            id="the one that says nothing goes",
        ),
        pytest.param(
            "claude-opus-4-20250514",
            {"temperature": 0.2, "top_p": 0.9},
            {"temperature": 0.2, "top_p": 0.9},
            [],
            id="both at an older one",
        ),
        pytest.param(
            "glm-4.6",
            {"temperature": 0.2, "top_p": 0.9, "top_k": 3},
            {"temperature": 0.2, "top_p": 0.9, "top_k": 3},
            [],
            id="another maker's",
        ),
        pytest.param(
            "claude-3-haiku-20240307",
            {"temperature": 2},
            {"temperature": 1},
            ["temperature"],
            id="2",
        ),
        pytest.param(
            "claude-sonnet-4-5",
            {"temperature": 0.2, "top_p": 0.5, "top_k": 3, "reasoning_effort": "low"},
            {"top_p": 0.95},
            ["temperature", "top_k", "top_p"],
            id="beside thoughts",
        ),
        pytest.param(
            "claude-opus-4-6",
            {"temperature": 0.2, "thinking": {"type": "adaptive"}},
            {},
            ["temperature"],
            id="beside thoughts of the API's own field",
        ),
        pytest.param(
            "claude-3-7-sonnet-latest",
            {"temperature": 1, "top_p": 0.97, "reasoning_effort": "low"},
            {"temperature": 1, "top_p": 0.97},
            [],
            id="beside thoughts, as they may be",
        ),
        pytest.param(
            "claude-sonnet-4-5",
            {"temperature": 0.2, "reasoning_effort": "none"},
            {"temperature": 0.2},
            [],
            id="no thoughts",
        ),
    ],
)
def test_sampling_is_what_the_model_takes(
    model: str, fields: Json, kept: Json, adjusted: list[str]
) -> None:
    request, told = fitted(model=model, **fields)
    assert {name: request[name] for name in TEMPERATURES if name in request} == kept
    assert sorted(told) == sorted(adjusted)


FORCED: Any = {"tools": [WEATHER], "tool_choice": "required"}


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-7"])
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking"),
        ({"thinking": {"type": "adaptive"}}, "thinking"),
    ],
)
def test_forced_tool_is_called_without_thinking(model: str, fields: Json, field: str) -> None:
    request, adjusted = fitted(model=model, temperature=1, **FORCED, **fields)
    assert "thinking" not in request
    assert adjusted == (field,)
    assert request["max_tokens"] == DEFAULT_MAX_TOKENS


@pytest.mark.parametrize(
    ("model", "fields", "thinking", "adjusted"),
    [
        pytest.param(
            "claude-3-5-sonnet-20241022", {"reasoning_effort": "low"}, None, True, id="never"
        ),
        pytest.param(
            "claude-opus-4-7",
            {"thinking": {"type": "enabled", "budget_tokens": 9000}},
            {"type": "adaptive"},
            True,
            id="no budget any more",
        ),
        pytest.param(
            "claude-opus-4-6",
            {"thinking": {"type": "enabled", "budget_tokens": 9000}},
            {"type": "enabled", "budget_tokens": 9000},
            False,
            id="a budget above the default limit",
        ),
        pytest.param(
            "claude-sonnet-4-5",
            {"thinking": {"type": "adaptive"}},
            {"type": "enabled", "budget_tokens": 4096},
            True,
            id="a budget where it has no effort yet",
        ),
        pytest.param(
            "claude-opus-4-1",
            {"reasoning_effort": "xhigh"},
            {"type": "enabled", "budget_tokens": 32_000 - DEFAULT_MAX_TOKENS},
            False,
            id="as much as the model may say",
        ),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(
    model: str, fields: Json, thinking: Json | None, *, adjusted: bool
) -> None:
    request, told = fitted(model=model, **fields)
    assert request.get("thinking") == thinking
    assert bool(told) is adjusted


def test_effort_that_a_model_has_not_yet_becomes_its_highest_common_one() -> None:
    request, adjusted = fitted(model="claude-opus-4-6", reasoning_effort="xhigh")
    assert request["output_config"]["effort"] == "high"
    assert adjusted == ("reasoning_effort",)


def test_answer_that_is_begun_is_gone_on_with_without_thinking() -> None:
    begun = {"role": "assistant", "content": "Once upon "}
    request, adjusted = fitted(HELLO, begun, reasoning_effort="low")
    assert adjusted == ("reasoning_effort",)
    assert request["messages"][-1]["content"][0]["text"] == "Once upon"


@pytest.mark.parametrize(
    "user",
    [
        "ann@example.com",
        "Ann <ann@example.com>",
        "ann%40example.com",
        "+49 (170) 123-4567",
        "tel:+14155550100",
        "5551234567",
        "12345678901234567890",
        "4111 1111 1111 1111",
        "u" * 257,
    ],
)
def test_user_that_is_personal_data_is_not_sent(user: str) -> None:
    assert fitted(user=user) == (translate(), ("user",))
    request, adjusted = fitted(user=user, safety_identifier="s1")
    assert (request["metadata"], adjusted) == ({"user_id": "s1"}, ("user",))


@pytest.mark.parametrize("user", ["9f86d081-884c-7d65-9a2f-eaa0c55ad015", "ann", "team@work"])
def test_user_that_is_opaque_is_sent(user: str) -> None:
    request, adjusted = fitted(user=user)
    assert (request["metadata"], adjusted) == ({"user_id": user}, ())


def test_stops_of_blanks_alone_are_left_out() -> None:
    assert fitted(stop=["\n", "END"])[0]["stop_sequences"] == ["END"]
    request, adjusted = fitted(stop="\n\n")
    assert "stop_sequences" not in request
    assert adjusted == ("stop",)


# --- histories of other models ----------------------------------------------------------------


def rounds(*ids: tuple[Any, Any]) -> list[Json]:
    """Return a history in which each call, by its id, got a result."""
    messages = [HELLO]
    for called, answered in ids:
        one = {**call("x"), "id": called}
        messages.append({"role": "assistant", "content": None, "tool_calls": [one]})
        messages.append({"role": "tool", "tool_call_id": answered, "content": "sunny"})
    return messages


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([("call:1.a b", "call:1.a b")], id="outside of the pattern"),
        pytest.param([("functions.get:0", "functions.get:0")] * 3, id="anew in each turn"),
        pytest.param([("call_0", "call_0")] * 2, id="the same one, as such allowed"),
        pytest.param([("", "")] * 2, id="empty"),
        pytest.param([(None, None)], id="none"),
        pytest.param([("ä" * 300, "ä" * 300)], id="long"),
    ],
)
def test_ids_of_calls_are_mapped_with_their_results(ids: list[Any]) -> None:
    first, second = (translate(*rounds(*ids), tools=[WEATHER]) for _ in range(2))
    assert first == second


def test_ids_that_the_api_takes_stay() -> None:
    request = translate(*rounds(("toolu_1-A", "toolu_1-A")), tools=[WEATHER])
    assert request["messages"][1]["content"][0]["id"] == "toolu_1-A"


def test_same_ids_of_parallel_calls_get_a_result_each() -> None:
    calls = [{**call("x"), "id": ""}, {**call("x"), "id": ""}]
    results = [{"role": "tool", "tool_call_id": "", "content": str(n)} for n in (1, 2)]
    said = {"role": "assistant", "tool_calls": calls}
    request = translate(HELLO, said, *results, tools=[WEATHER])
    sent = [block["id"] for block in request["messages"][1]["content"]]
    got = {b["tool_use_id"]: b["content"] for b in request["messages"][2]["content"]}
    assert got == {sent[0]: "1", sent[1]: "2"}


def test_blank_texts_are_left_out() -> None:
    request = translate(
        {"role": "system", "content": " \n"},
        HELLO,
        {"role": "assistant", "content": "\n\n", "tool_calls": [call("c1")]},
        {"role": "tool", "tool_call_id": "c1", "content": "  "},
        {
            "role": "user",
            "content": [{"type": "text", "text": "\t"}, {"type": "text", "text": "x"}],
        },
        tools=[WEATHER],
    )
    assert "system" not in request
    assert [block["type"] for block in request["messages"][1]["content"]] == ["tool_use"]
    assert request["messages"][2]["content"][1:] == [{"type": "text", "text": "x"}]


def test_results_come_before_what_the_user_says() -> None:
    request = translate(
        HELLO,
        {"role": "assistant", "tool_calls": [call("c1")]},
        {"role": "user", "content": "And?"},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        tools=[WEATHER],
    )
    kinds = [block["type"] for block in request["messages"][2]["content"]]
    assert kinds == ["tool_result", "text"]


def test_thoughts_of_other_models_are_left_out() -> None:
    said = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
            {"type": "text", "text": "Hi"},
        ],
        "reasoning_content": "Hm.",
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}],
        "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": ""}],
    }
    request = translate(HELLO, said, HELLO)
    assert request["messages"][1]["content"] == [{"type": "text", "text": "Hi"}]


def test_conversation_that_the_assistant_begins_is_one_that_the_api_takes() -> None:
    request, adjusted = fitted({"role": "assistant", "content": "Welcome!"}, HELLO)
    assert [turn["role"] for turn in request["messages"]] == ["user", "assistant", "user"]
    assert adjusted == ("messages",)


@pytest.mark.parametrize(
    "parameters",
    [
        {"properties": {"city": {"type": "string"}}},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"type": ["object", "null"]},
        {"type": None},
        {},
        None,
    ],
)
def test_parameters_without_a_type_get_one(parameters: Any) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    schema = translate(tools=[tool])["tools"][0]["input_schema"]
    assert schema == {**(parameters or {"properties": {}}), "type": "object"}


@pytest.mark.parametrize("arguments", [{"q": 1}, "null", "", None])
def test_arguments_in_forms_of_other_apis_are_understood(arguments: Any) -> None:
    said = {"role": "assistant", "tool_calls": [call("c1", arguments)]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "x"}
    request = translate(HELLO, said, result, tools=[WEATHER])
    assert request["messages"][1]["content"][0]["input"] == (
        arguments if isinstance(arguments, dict) else {}
    )


def test_picture_by_a_name_of_its_type_that_is_not_registered_is_sent() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,AAAA"}}
    request = translate({"role": "user", "content": [part]})
    assert request["messages"][0]["content"][0]["source"]["media_type"] == "image/jpeg"


def test_names_of_tools_that_the_api_does_not_take_are_mapped_and_back() -> None:
    name = "mcp.files:read ü"
    tools = [
        {"type": "function", "function": {"name": one}} for one in (name, "mcp_files_read", "a.b")
    ]
    said = {"role": "assistant", "tool_calls": [call("c1", name=name)]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "x"}
    wanted = {"type": "function", "function": {"name": name}}
    translation = to_messages_request(chat(HELLO, said, result, tools=tools, tool_choice=wanted))
    request = translation.request
    check(request)
    sent = request["tools"][0]["name"]
    assert len({tool["name"] for tool in request["tools"]}) == 3
    assert request["tools"][1]["name"] == "mcp_files_read"
    assert request["tool_choice"]["name"] == request["messages"][1]["content"][0]["name"] == sent
    told = {"content": [{"type": "tool_use", "id": "t", "name": sent, "input": {}}]}
    answered = completion(told, 1, translation.names)
    assert answered["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == name
    stream = ChunkStream(1, translation.names, include_usage=False)
    event = {"type": "content_block_start", "index": 0, "content_block": told["content"][0]}
    (chunk,) = stream.feed(event)
    assert chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["name"] == name


def test_alternatives_at_the_top_of_a_schema_become_its_properties() -> None:
    parameters = {
        "anyOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"anyOf": [{"type": "string"}]}}},
        ],
        "properties": {"c": {}},
    }
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    schema = translate(tools=[tool])["tools"][0]["input_schema"]
    assert list(schema["properties"]) == ["a", "b", "c"]
    assert schema["properties"]["b"] == {"anyOf": [{"type": "string"}]}


def test_half_a_character_in_an_id_or_a_name_is_mapped() -> None:
    made = [call("\ud83d", name="a\ud83d"), call("\ude00", name="a\ude00")]
    results = [{"role": "tool", "tool_call_id": one["id"], "content": "x"} for one in made]
    turns = translate(HELLO, {"role": "assistant", "tool_calls": made}, *results)["messages"]
    assert len({block["id"] for block in turns[1]["content"]}) == 2
    assert len({block["name"] for block in turns[1]["content"]}) == 2


def test_thinking_that_is_no_object_is_for_the_api_to_refuse() -> None:
    odd = to_messages_request(chat(thinking=["x"], temperature=0.5)).request
    assert odd["thinking"] == ["x"]
