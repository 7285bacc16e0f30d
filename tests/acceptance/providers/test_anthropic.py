"""OpenAI's Python SDK against a provider that speaks Anthropic's Messages API."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.acceptance.llms.fake_anthropic import KEY, SIGNATURE
from tests.acceptance.system.dialect_stack import (
    CLAUDE,
    CLAUDE_OWN,
    LOCKED_CLAUDE,
    NEW_CLAUDE,
    DialectStack,
)

PNG = "data:image/png;base64,iVBORw0KGgo="
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("get_weather", "get_time")
]


@pytest.fixture
def client(dialects: DialectStack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{dialects.stack.url}/v1", api_key=dialects.stack.api_key) as client:
        yield client


def messages(text: str = "Say hello") -> list[Any]:
    return [{"role": "user", "content": text}]


def test_chat_is_answered_as_openai_answers(dialects: DialectStack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    system: Any = {"role": "system", "content": "Be brief."}
    answer = client.chat.completions.create(
        model=CLAUDE, messages=[system, *messages(marker)], temperature=1.5
    )
    assert answer.object == "chat.completion"
    assert answer.model == f"{CLAUDE_OWN}-20260101"
    assert answer.choices[0].message.content == f"You said: {marker}"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 21
    (call,) = dialects.anthropic.calls_of(marker)
    assert call.request["model"] == CLAUDE_OWN
    assert call.request["system"] == [{"type": "text", "text": "Be brief."}]


def test_headers_and_query_of_the_provider_are_sent(dialects: DialectStack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    client.chat.completions.create(model=CLAUDE, messages=messages(marker))
    (call,) = dialects.anthropic.calls_of(marker)
    assert call.headers["anthropic-beta"] == "context-1m-2025-08-07"
    assert "x-unset" not in call.headers
    assert "authorization" not in call.headers
    assert call.query == "trace=on"


def test_round_of_parallel_tools_goes_both_ways(client: OpenAI) -> None:
    said = client.chat.completions.create(model=CLAUDE, messages=messages(), tools=TOOLS)
    choice = said.choices[0]
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert json.loads(calls[0].function.arguments) == {"q": "ä"}
    results: list[Any] = [
        {"role": "tool", "tool_call_id": call.id, "content": f"result {number}"}
        for number, call in enumerate(calls)
    ]
    end = client.chat.completions.create(
        model=CLAUDE, messages=[*messages(), choice.message, *results], tools=TOOLS
    )
    assert end.choices[0].finish_reason == "stop"
    assert end.choices[0].message.content == (
        "toolu_get_weather gave: result 0; toolu_get_time gave: result 1"
    )


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        pytest.param({"parallel_tool_calls": False}, ["get_weather"], id="one at a time"),
        pytest.param({"tool_choice": "none"}, [], id="none"),
        pytest.param(
            {"tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            ["get_time"],
            id="named",
        ),
    ],
)
def test_choice_of_tools_is_kept(client: OpenAI, fields: Any, names: list[str]) -> None:
    said = client.chat.completions.create(model=CLAUDE, messages=messages(), tools=TOOLS, **fields)
    calls = said.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == names


def test_image_is_seen(client: OpenAI) -> None:
    parts: Any = [
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
    ]
    said = client.chat.completions.create(
        model=CLAUDE, messages=[{"role": "user", "content": parts}]
    )
    assert said.choices[0].message.content == "I see image/png; I see https://example.com/a.jpg"


def test_stop_and_limit_end_the_answer(client: OpenAI) -> None:
    stopped = client.chat.completions.create(
        model=CLAUDE, messages=messages("one END two"), stop="END"
    )
    assert stopped.choices[0].message.content == "You said: one "
    assert stopped.choices[0].finish_reason == "stop"
    cut = client.chat.completions.create(model=CLAUDE, messages=messages(), max_tokens=8)
    assert cut.choices[0].message.content == "You said"
    assert cut.choices[0].finish_reason == "length"


def test_cached_tokens_are_told(client: OpenAI) -> None:
    part: Any = {"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}
    usage = client.chat.completions.create(
        model=CLAUDE, messages=[{"role": "user", "content": [part]}]
    ).usage
    assert usage.prompt_tokens == 127
    assert usage.prompt_tokens_details.cached_tokens == 100


@pytest.mark.parametrize("model", [CLAUDE, NEW_CLAUDE])
def test_thoughts_are_told_and_can_be_sent_back_with_the_results_of_tools(
    dialects: DialectStack, client: OpenAI, model: str
) -> None:
    marker = uuid.uuid4().hex
    fields: dict[str, Any] = {"model": model, "tools": TOOLS[:1], "reasoning_effort": "low"}
    said: Any = client.chat.completions.create(messages=messages(marker), **fields)
    message = said.choices[0].message
    assert message.reasoning_content == "Let me think."
    assert message.thinking_blocks[0]["signature"] == SIGNATURE
    result: Any = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
    end = client.chat.completions.create(messages=[*messages(marker), message, result], **fields)
    assert end.choices[0].message.content == "toolu_get_weather gave: sunny"
    first, second = dialects.anthropic.calls_of(marker)
    assert first.request["thinking"] == second.request["thinking"]
    assert second.request["messages"][1]["content"][0] == message.thinking_blocks[0]


# --- streams ----------------------------------------------------------------------------------


def test_stream_tells_text_then_usage(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=CLAUDE,
            messages=messages(),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts) == "You said: Say hello"
    assert len([text for text in texts if text]) > 1
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 21


def test_stream_of_thoughts_and_tools_is_put_together_by_the_sdk(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model=CLAUDE, messages=messages(), tools=TOOLS, reasoning_effort="low"
    ) as stream:
        said: Any = stream.get_final_completion().choices[0]
    assert said.finish_reason == "tool_calls"
    assert said.message.reasoning_content == "Let me think."
    assert said.message.thinking_blocks[0]["signature"] == SIGNATURE
    assert said.message.content == "You said: Say hello"
    assert [json.loads(call.function.arguments) for call in said.message.tool_calls] == [
        {"q": "ä"},
        {"q": "ä"},
    ]


def test_error_in_the_middle_of_a_stream_is_raised(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model=CLAUDE, messages=messages("break off"), stream=True
    )
    with pytest.raises(openai.APIError, match="Overloaded"):
        list(stream)


def test_error_before_a_stream_is_tried_again(dialects: DialectStack, client: OpenAI) -> None:
    text = f"fail 529 once {uuid.uuid4().hex}"
    stream = client.chat.completions.create(model=CLAUDE, messages=messages(text), stream=True)
    assert text in "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert len(dialects.anthropic.calls_of(text)) == 2


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "code", "calls"),
    [
        pytest.param(400, openai.BadRequestError, "invalid_request_error", 1, id="bad request"),
        pytest.param(404, openai.NotFoundError, "not_found_error", 1, id="not found"),
        pytest.param(403, openai.PermissionDeniedError, "permission_error", 1, id="forbidden"),
        pytest.param(429, openai.RateLimitError, "rate_limit_error", 2, id="limit that stays"),
        pytest.param(500, openai.InternalServerError, "api_error", 2, id="error of the server"),
        pytest.param(529, openai.InternalServerError, "overloaded_error", 2, id="overloaded"),
    ],
)
def test_error_is_raised_as_openais(
    dialects: DialectStack,
    client: OpenAI,
    status: int,
    error: type[openai.APIStatusError],
    code: str,
    calls: int,
) -> None:
    text = f"fail {status} {uuid.uuid4().hex}"
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=CLAUDE, messages=messages(text))
    assert raised.value.code == code
    assert raised.value.type in {"invalid_request_error", "rate_limit_exceeded", "server_error"}
    assert len(dialects.anthropic.calls_of(text)) == calls


def test_limit_that_passes_is_tried_again_when_it_said(
    dialects: DialectStack, client: OpenAI
) -> None:
    text = f"fail 429 once {uuid.uuid4().hex}"
    said = client.chat.completions.create(model=CLAUDE, messages=messages(text))
    assert text in said.choices[0].message.content
    assert len(dialects.anthropic.calls_of(text)) == 2


def test_wrong_key_is_the_gateways_fault_and_is_told_to_nobody(
    dialects: DialectStack, client: OpenAI
) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model=LOCKED_CLAUDE, messages=messages())
    assert (raised.value.status_code, raised.value.code) == (502, "provider_credentials")
    assert "sk-ant" not in raised.value.response.text
    for log in dialects.logs().values():
        assert "sk-ant" not in log
        assert KEY not in log


def test_wish_that_cannot_be_met_names_its_field(dialects: DialectStack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model=CLAUDE, messages=messages(marker), n=2)
    assert (raised.value.param, raised.value.code) == ("n", "unsupported_parameter")
    assert dialects.anthropic.calls_of(marker) == []


def test_queued_job_is_answered_and_called_back_as_any_other(dialects: DialectStack) -> None:
    stack, path = dialects.stack, f"/claude/{uuid.uuid4().hex}"
    with stack.api() as api:
        queued = api.queue(
            {"model": CLAUDE, "messages": messages("later")},
            replyTo=stack.receiver.url(path),
        )
        ended = api.until_ended(queued["id"])
    assert ended["jobState"] == "Completed"
    assert ended["result"]["choices"][0]["message"]["content"] == "You said: later"
    (callback,) = stack.receiver.wait_for(path)
    assert json.loads(callback.body)["object"] == "chat.completion"


def test_what_the_api_refuses_is_adjusted_and_said_so(
    dialects: DialectStack, client: OpenAI
) -> None:
    marker = uuid.uuid4().hex
    asked = client.chat.completions.with_raw_response.create(
        model=CLAUDE,
        messages=messages(marker),
        temperature=0.2,
        reasoning_effort="low",
        user="ann@example.com",
    )
    assert asked.headers["x-adjusted"] == "user, temperature"
    job = dialects.stack.api().job(int(asked.headers["x-job-id"]))
    assert json.loads(job["meta"]["attempts"])[0]["detail"] == "adjusted: user, temperature"
    (call,) = dialects.anthropic.calls_of(marker)
    assert "temperature" not in call.request
    assert "metadata" not in call.request
    with client.chat.completions.with_streaming_response.create(
        model=CLAUDE, messages=messages(), stream=True, stop="\n"
    ) as streamed:
        assert streamed.headers["x-adjusted"] == "stop"
    plain = client.chat.completions.with_raw_response.create(model=CLAUDE, messages=messages())
    assert "x-adjusted" not in plain.headers


def test_request_that_the_api_forbids_keeps_nobody_else_from_it(client: OpenAI) -> None:
    for _ in range(3):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.chat.completions.create(model=CLAUDE, messages=messages("fail 403"))
        assert caught.value.code == "permission_error"
        assert "As you wish: 403" in caught.value.message
    said = client.chat.completions.create(model=CLAUDE, messages=messages("Well?"))
    assert said.choices[0].message.content == "You said: Well?"
