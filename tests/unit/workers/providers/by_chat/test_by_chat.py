"""Responses asked for as chats: what is said in a chat, what is refused, what is told back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from openai.types.responses import Response

from shared.operation import Operation
from shared.providers.provider import Provider
from tests.unit.workers.providers.test_openai import Provoked, answer, streaming
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.by_chat.events import ResponseEvents
from workers.providers.by_chat.not_a_chat import NotAChat
from workers.providers.by_chat.request import chat_of
from workers.providers.by_chat.thoughts import opened, packed
from workers.providers.ollama import OllamaDialect

CALLED = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "sunny"}
MADE = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def messages(*items: Any, **fields: Any) -> Any:
    return chat_of({"model": "m", "input": list(items), **fields})["messages"]


def test_request_of_all_that_a_chat_can_say() -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
    asked = {
        "model": "m",
        "instructions": "Be brief.",
        "input": "Hi",
        "max_output_tokens": 9,
        "temperature": 0.5,
        "tools": [tool],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {
            "verbosity": "low",
            "format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True},
        },
        "metadata": {"a": "b"},
        "store": True,
        "top_p": None,
        "stream": True,
        "thinking": {"type": "disabled"},
    }
    assert chat_of(asked) == {
        "model": "m",
        "temperature": 0.5,
        "parallel_tool_calls": False,
        "thinking": {"type": "disabled"},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
        "max_tokens": 9,
        "verbosity": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": {}, "strict": True},
        },
        "reasoning_effort": "low",
        "tools": [
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"type": "object"}, "strict": True},
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_conversation_keeps_its_turns() -> None:
    blocks = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}]
    told = messages(
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "See"},
                {"type": "input_image", "image_url": "https://h/x.png", "detail": "low"},
                {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"},
            ],
        },
        {"type": "reasoning", "summary": [], "encrypted_content": packed(blocks)},
        {"type": "reasoning", "summary": [], "encrypted_content": "of somebody else"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]},
        CALLED,
        {**CALLED, "call_id": "c2"},
        RESULT,
    )
    assert told == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See"},
                {"type": "image_url", "image_url": {"url": "https://h/x.png", "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:x", "filename": "a.pdf"}},
            ],
        },
        {
            "role": "assistant",
            "thinking_blocks": blocks,
            "content": [{"type": "text", "text": "A"}],
            "tool_calls": [MADE, {**MADE, "id": "c2"}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]
    assert messages({"role": "user", "content": "x"}, CALLED, RESULT)[1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [MADE],
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"include": ["message.output_text.logprobs"]}, "include"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tool_choice": {"type": "mcp"}}, "tool_choice"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format"),
        ({"reasoning": {"effort": ["low"]}}, "reasoning.effort"),
        ({"input": []}, "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "pirate", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "input[0].content[0].image_url",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
            "input[0].content[0].file_data",
        ),
    ],
)
def test_what_a_chat_cannot_say_is_refused_by_its_name(fields: Any, named: str) -> None:
    with pytest.raises(NotAChat) as caught:
        chat_of({"model": "m", "input": "x", **fields})
    assert caught.value.field == named


def test_thoughts_of_others_are_not_read() -> None:
    assert opened(packed([{"a": 1}])) == [{"a": 1}]
    for text in (None, 5, "", "x", "chat-blocks:!", "chat-blocks:NQ==", packed([{"a": 1}])[:-5]):
        assert opened(text) == []


def delta(reason: str | None = None, **told: Any) -> dict[str, Any]:
    return {"model": "own", "choices": [{"index": 0, "delta": told, "finish_reason": reason}]}


def tool(index: int, **function: Any) -> dict[str, Any]:
    return delta(tool_calls=[{"index": index, "id": f"c{index}", "function": function}])


USAGE = {
    "choices": [],
    "usage": {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
}


def told(*chunks: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    events = ResponseEvents({"model": "m", "input": "x", "store": False}, "n", 5)
    sent = [event for chunk in chunks for event in events.feed(chunk)] + list(events.finish())
    assert [event["sequence_number"] for event in sent] == list(range(len(sent)))
    assert events.response is not None
    assert sent[-1]["response"] == events.response
    # As the SDK's own types have it.
    Response.model_validate(events.response, strict=False)
    return sent, events.response


def test_stream_tells_thoughts_words_and_calls_one_after_the_other() -> None:
    sent, whole = told(
        delta(role="assistant", content=""),
        delta(reasoning_content="Hm"),
        delta(reasoning_content="."),
        delta(content="It "),
        delta(content="is"),
        tool(0, name="f", arguments=""),
        tool(0, arguments="{}"),
        tool(1, name="g", arguments="{}"),
        delta("tool_calls"),
        USAGE,
    )
    kinds = [event["type"].removeprefix("response.") for event in sent]
    assert kinds == [
        *("created", "in_progress"),
        *("output_item.added", "reasoning_text.delta", "reasoning_text.delta"),
        *("reasoning_text.done", "output_item.done"),
        *("output_item.added", "content_part.added", "output_text.delta", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "function_call_arguments.delta"),
        *("output_item.added", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done") * 2,
        "completed",
    ]
    assert [item["type"] for item in whole["output"]] == [
        *("reasoning", "message", "function_call", "function_call")
    ]
    assert whole["output"][1]["content"][0]["text"] == "It is"
    assert whole["output"][2]["arguments"] == "{}"
    assert (whole["status"], whole["model"], whole["store"]) == ("completed", "own", False)
    assert whole["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 7,
    }


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_answer_that_was_cut_is_incomplete(reason: str, cause: str) -> None:
    sent, whole = told(delta(content="It"), delta(reason))
    assert sent[-1]["type"] == "response.incomplete"
    assert (whole["status"], whole["incomplete_details"]) == ("incomplete", {"reason": cause})
    assert whole["output"][0]["status"] == "incomplete"
    assert whole["usage"] is None


def test_refusal_is_a_part_of_its_own() -> None:
    _, whole = told(delta(refusal="I will "), delta("stop", refusal="not."))
    assert whole["output"][0]["content"] == [{"type": "refusal", "refusal": "I will not."}]


def call(asked: dict[str, Any]) -> ProviderCall:
    provider = {"name": "o", "type": "ollama", "base_url": "http://h:1", "models": ["m"]}
    body = json.dumps({"model": "m", "input": "x", **asked}).encode()
    return ProviderCall(
        Provider.model_validate(provider), body, None, 1, 1, operation=Operation.RESPONSE
    )


def session(provoke: Any) -> requests.Session:
    made = requests.Session()
    made.mount("http://", Provoked(provoke))
    return made


def test_whole_answer_is_a_response() -> None:
    message = {"role": "assistant", "content": "Hi", "tool_calls": [MADE]}
    body = {"model": "own", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    sent = OllamaDialect().ask(session(answer(200, json.dumps(body).encode())), call({}))
    response = Response.model_validate_json(sent)
    assert response.output_text == "Hi"
    assert [item.type for item in response.output] == ["message", "function_call"]


def test_stream_that_never_says_it_is_done_is_whole_with_its_reason() -> None:
    chunks = [delta(content="Hi"), delta("stop"), {"choices": [], **USAGE}]
    body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    events = list(OllamaDialect().stream(session(streaming(body)), call({"stream": True})))
    last = json.loads(events[-1])
    assert last["type"] == "response.completed"
    assert last["response"]["usage"]["total_tokens"] == 7


def test_stream_that_broke_off_is_no_response() -> None:
    body = b"data: " + json.dumps(delta(content="Hi")).encode() + b"\n\n"
    with pytest.raises(ProviderError):
        list(OllamaDialect().stream(session(streaming(body)), call({"stream": True})))


def test_refused_field_is_the_clients_fault_and_named() -> None:
    with pytest.raises(ProviderError) as caught:
        OllamaDialect().ask(session(answer(200, b"{}")), call({"previous_response_id": "r"}))
    failure = caught.value.failure
    assert (failure.status, failure.code) == (400, "unsupported_parameter")
    assert (failure.param, caught.value.transient) == ("previous_response_id", False)


def test_chunk_that_is_no_json_breaks_the_response_off() -> None:
    body = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\ndata: {"choices": no\n\n'
    with pytest.raises(ProviderError, match="no JSON"):
        list(OllamaDialect().stream(session(streaming(body)), call({"stream": True})))
