"""Ollama's chats in OpenAI's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.ollama.reading import parse_chat, parse_embed
from gateway.waiting.ollama_lines import OllamaChatLines
from shared.errors import Failure, ValidationFailed
from shared.jobs.job import failure_body
from shared.wire.chat_request import ChatCall
from shared.wire.ollama_chat import message_of


def asked(**fields: Any) -> dict[str, Any]:
    request = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    call = parse_chat(json.dumps(request).encode())
    assert isinstance(call, ChatCall)
    assert call.chat.stream is (fields.get("stream") is not False)
    told: dict[str, Any] = json.loads(call.chat.body)
    return told


@pytest.mark.parametrize(
    ("sent", "name", "value"),
    [
        ({"format": "json"}, "response_format", {"type": "json_object"}),
        (
            {"format": {"type": "object"}},
            "response_format",
            {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "object"}},
            },
        ),
        ({"options": {"num_predict": 7, "top_k": 4}}, "max_tokens", 7),
        ({"options": {"num_predict": -1}}, "max_tokens", None),
        ({"options": {"temperature": 0.5}}, "temperature", 0.5),
        ({"think": "high"}, "reasoning_effort", "high"),
        ({"think": True}, "reasoning_effort", None),
        ({}, "stream_options", {"include_usage": True}),
        ({"stream": False}, "stream_options", None),
        ({"keep_alive": "5m"}, "keep_alive", None),
    ],
)
def test_fields_are_told_in_openais_words(sent: dict[str, Any], name: str, value: Any) -> None:
    assert asked(**sent).get(name) == value


def test_pictures_become_parts() -> None:
    message = {"role": "user", "content": "what?", "images": ["/9j/abc"]}
    (told,) = asked(messages=[message])["messages"]
    assert told["content"][1]["image_url"]["url"] == "data:image/jpeg;base64,/9j/abc"


def test_results_of_tools_find_their_calls() -> None:
    call = {"function": {"name": "a", "arguments": {"x": 1}}}
    other = {"function": {"name": "b", "arguments": {}}}
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call, other]},
        {"role": "tool", "tool_name": "b", "content": "2"},
        {"role": "tool", "content": "1"},
    ]
    told = asked(messages=messages)["messages"]
    assert told[1]["tool_calls"][0]["function"] == {"name": "a", "arguments": '{"x": 1}'}
    ids = [one["id"] for one in told[1]["tool_calls"]]
    assert [told[2]["tool_call_id"], told[3]["tool_call_id"]] == ids[::-1]


def test_gateways_own_fields_are_read_too() -> None:
    raw = b'{"model":"m","messages":[{"role":"user","content":"x"}],"refId":"r","tag":"t"}'
    call = parse_chat(raw)
    assert isinstance(call, ChatCall)
    assert (call.ref_id, call.tag) == ("r", "t")


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"messages": []}, "model"),
        ({"model": "m", "messages": "x"}, "messages"),
        ({"model": "m", "messages": [{"content": "x"}]}, "messages"),
        ({"model": "m", "messages": [{"role": "user"}], "options": 3}, "options"),
        ({"model": "m", "messages": [{"role": "user"}], "options": {"seed": "x"}}, "seed"),
        ([], None),
    ],
)
def test_request_that_is_none_is_refused(request_: Any, field: str | None) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse_chat(json.dumps(request_).encode())
    assert refused.value.field == field


def test_embedding_keeps_its_input() -> None:
    call = parse_embed(b'{"model":"m","input":["a","b"],"truncate":true}')
    assert json.loads(call.chat.body)["input"] == ["a", "b"]


def lines(*chunks: Any) -> list[dict[str, Any]]:
    form = OllamaChatLines("m")
    text = b"".join(form.chunk(json.dumps(chunk).encode(), "1") for chunk in chunks) + form.done()
    return [json.loads(line) for line in text.splitlines()]


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"delta": fields, "finish_reason": finish}]}


def test_chunks_become_lines_and_the_last_has_the_counts() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    told = lines(
        delta(role="assistant", content=""),
        delta(reasoning_content="hm"),
        delta(content="a"),
        delta("length"),
        {"choices": [], "usage": usage},
    )
    assert [one["message"].get("thinking") for one in told] == ["hm", None, None]
    assert [one["message"]["content"] for one in told] == ["", "a", ""]
    assert (told[-1]["done_reason"], told[-1]["eval_count"]) == ("length", 2)


def test_calls_of_tools_come_whole() -> None:
    first = {"index": 0, "id": "c", "function": {"name": "f", "arguments": '{"a":'}}
    told = lines(
        delta(tool_calls=[first]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": "1}"}}]),
        delta("tool_calls"),
    )
    assert told[0]["message"]["tool_calls"] == [{"function": {"name": "f", "arguments": {"a": 1}}}]
    assert [one["done"] for one in told] == [False, True]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(
            [
                {"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"a":1}'}},
                {"index": 0, "id": "2", "function": {"name": "g", "arguments": "{}"}},
            ],
            id="one index for all",
        ),
        pytest.param(
            [
                {"function": {"name": "f", "arguments": '{"a":'}},
                {"function": {"name": "f", "arguments": "1}"}},
                {"function": {"name": "g", "arguments": {}}},
            ],
            id="neither index nor id",
        ),
        pytest.param(
            [
                {"id": "1", "function": {"name": "f", "arguments": '{"a":'}},
                {"id": "2", "function": {"name": "g"}},
                {"id": "1", "function": {"arguments": "1}"}},
            ],
            id="ids alone",
        ),
        pytest.param(
            [
                {"index": 0, "id": "1", "function": {"name": "f"}},
                {"index": 0, "id": "2", "function": {"arguments": '{"a":'}},
                {"index": 0, "id": "3", "function": {"arguments": "1}"}},
                {"index": 1, "id": "4", "function": {"name": "g", "arguments": "{}"}},
            ],
            id="an id of its own in each piece",
        ),
        pytest.param(
            [
                {"index": 0, "id": "1", "function": {"name": "f", "arguments": {"a": 1}}},
                None,
                {"index": 1, "function": {"name": "g", "arguments": "[1]"}},
            ],
            id="arguments as values",
        ),
    ],
)
def test_calls_of_tools_are_told_apart_however_they_are_numbered(pieces: list[Any]) -> None:
    told = lines(*(delta(tool_calls=[piece]) for piece in pieces))
    calls = [one["function"] for one in told[0]["message"]["tool_calls"]]
    assert calls == [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": {}}]


@pytest.mark.parametrize(
    "odd",
    [[], {}, {"choices": 3}, {"choices": [3]}, {"choices": [{}]}, {"choices": [{"delta": "x"}]}],
)
def test_odd_chunks_add_nothing(odd: Any) -> None:
    assert len(lines(odd)) == 1


def test_parts_of_content_are_told_as_texts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    told = lines(delta(content=[thinking]), delta(content=[{"type": "text", "text": "a"}]))
    said = [(one["message"].get("thinking"), one["message"]["content"]) for one in told]
    assert said == [("hm", ""), (None, "a"), (None, "")]
    assert lines(delta(reasoning="hm"))[0]["message"]["thinking"] == "hm"
    assert lines(delta(content=None, refusal="No."))[0]["message"]["content"] == "No."
    assert message_of({"choices": [{"message": {"refusal": "No."}}]})["content"] == "No."


def test_failure_is_a_text() -> None:
    body = failure_body(Failure(502, "server_error", "stream_broken", "It broke."))
    assert OllamaChatLines("m").failed(body) == b'{"error":"It broke."}\n'


@pytest.mark.parametrize(
    ("sent", "told"), [("{", {}), ("[1]", {}), ({"a": 1}, {"a": 1}), ('{"a":1}', {"a": 1})]
)
def test_arguments_are_an_object(sent: Any, told: Any) -> None:
    call = {"function": {"name": "f", "arguments": sent}}
    message = message_of({"choices": [{"message": {"content": None, "tool_calls": [call]}}]})
    assert message["tool_calls"] == [{"function": {"name": "f", "arguments": told}}]
