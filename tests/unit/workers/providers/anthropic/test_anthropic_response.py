"""A message of the Messages API as a chat completion, whole or streamed: both must say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.support.anthropic_wire import events_of
from workers.folds.chat import ChatFold
from workers.providers.anthropic.response import completion
from workers.providers.anthropic.stream import ChunkStream

Json = dict[str, Any]

CREATED_S = 1_700_000_000


def message(*blocks: Json, **fields: Any) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": list(blocks),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
        **fields,
    }


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def tool_use(number: int, value: Json) -> Json:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "get_weather", "input": value}


def thought(value: str, signature: str = "sig") -> Json:
    return {"type": "thinking", "thinking": value, "signature": signature}


def whole(*blocks: Json, **fields: Any) -> Any:
    return completion(message(*blocks, **fields), CREATED_S)


def chunks_of(told: Json, cut: int = 3, *, include_usage: bool = True) -> list[Json]:
    stream = ChunkStream(CREATED_S, include_usage=include_usage)
    return [
        *(chunk for event in events_of(told, cut) for chunk in stream.feed(event)),
        *stream.finish(),
    ]


def fold(chunks: list[Json]) -> Any:
    folded = ChatFold()
    for chunk in chunks:
        folded.add(chunk)
    assert folded.is_complete
    return folded.completion()


def test_completion_is_openais() -> None:
    made = whole(text("Hel"), text("lo"))
    assert made == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": CREATED_S,
        "model": "claude-sonnet-4-5-20250929",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    ChatCompletion.model_validate(made, strict=True)


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
    ],
)
def test_reason_to_stop_becomes_openais(stop_reason: str, finish_reason: str) -> None:
    told = message(text("x"), stop_reason=stop_reason)
    assert completion(told, 0)["choices"][0]["finish_reason"] == finish_reason
    assert fold(chunks_of(told))["choices"][0]["finish_reason"] == finish_reason


def test_calls_of_tools_have_their_arguments_as_text() -> None:
    choice = whole(tool_use(1, {"city": "Köln"}), tool_use(2, {}))["choices"][0]
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {
            "id": f"toolu_{number}",
            "type": "function",
            "function": {"name": "get_weather", "arguments": arguments},
        }
        for number, arguments in ((1, '{"city": "Köln"}'), (2, "{}"))
    ]


def test_thoughts_come_as_text_and_as_blocks_that_can_be_sent_back() -> None:
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    said = whole(thought("Hm, "), redacted, thought("so."), text("Yes"))["choices"][0]["message"]
    assert said["reasoning_content"] == "Hm, so."
    assert said["thinking_blocks"] == [thought("Hm, "), redacted, thought("so.")]
    assert said["content"] == "Yes"


def test_blocks_of_the_apis_own_tools_are_left_out() -> None:
    search = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"q": "x"}}
    assert whole(search, text("Found"))["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Found",
    }
    assert fold(chunks_of(message(search, text("Found"))))["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Found",
    }


def test_tokens_of_the_cache_are_among_the_prompts_as_openai_counts_them() -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 5,
        "output_tokens_details": {"thinking_tokens": 2},
    }
    assert whole(text("x"), usage=usage)["usage"] == {
        "prompt_tokens": 130,
        "completion_tokens": 5,
        "total_tokens": 135,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }


# --- streams ----------------------------------------------------------------------------------


def test_chunks_begin_with_the_role_and_end_with_the_reason_and_usage() -> None:
    chunks = chunks_of(message(text("Hello")))
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    assert [chunk["choices"][0]["delta"] for chunk in chunks[:-1]] == [
        {"role": "assistant"},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [
        *[None] * 3,
        "stop",
    ]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 15


def test_usage_is_not_told_to_who_did_not_ask() -> None:
    assert not any("usage" in c for c in chunks_of(message(text("x")), include_usage=False))


def test_parallel_calls_have_indexes_of_their_own_whatever_stands_before_them() -> None:
    told = message(thought("Hm"), text("Look"), tool_use(1, {"a": 1}), tool_use(2, {}))
    deltas = [
        entry
        for chunk in chunks_of(told)
        for choice in chunk["choices"]
        for entry in choice["delta"].get("tool_calls", ())
    ]
    assert [entry["index"] for entry in deltas if "id" in entry] == [0, 1]
    assert [entry["function"]["arguments"] for entry in deltas if entry["index"] == 1] == ["", "{}"]


def _calls_of(events: list[Json]) -> Any:
    stream = ChunkStream(CREATED_S, include_usage=True)
    start = {"type": "message_start", "message": message()}
    end = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}
    chunks = [chunk for event in [start, *events, end] for chunk in stream.feed(event)]
    return fold([*chunks, *stream.finish()])["choices"][0]["message"]


def _block(index: int, block: Json, *deltas: Json) -> list[Json]:
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _piece(text_of_input: str) -> Json:
    return {"type": "input_json_delta", "partial_json": text_of_input}


@pytest.mark.parametrize("deltas", [[], [_piece("")]])
def test_input_that_comes_whole_with_the_start_of_its_block_is_kept(deltas: list[Json]) -> None:
    said = _calls_of(_block(0, tool_use(1, {"city": "Paris"}), *deltas))
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"city": "Paris"}


def test_input_that_comes_as_text_is_kept_as_it_is() -> None:
    said = _calls_of(_block(0, {**tool_use(1, {}), "input": '{"a":1}'}))
    assert said["tool_calls"][0]["function"]["arguments"] == '{"a":1}'


def test_blocks_that_come_interleaved_stay_apart() -> None:
    first = _block(1, tool_use(1, {}), _piece('{"a":'), _piece("1}"))
    second = _block(2, tool_use(2, {}), _piece('{"b":'), _piece("2}"))
    thinking = _block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Hm"},
        {"type": "signature_delta", "signature": "sig"},
    )
    mixed = [event for events in zip(thinking, first, second, strict=True) for event in events]
    said = _calls_of(mixed)
    calls = {one["id"]: json.loads(one["function"]["arguments"]) for one in said["tool_calls"]}
    assert calls == {"toolu_1": {"a": 1}, "toolu_2": {"b": 2}}
    assert said["reasoning_content"] == "Hm"
    assert said["thinking_blocks"][0]["signature"] == "sig"


def test_block_that_is_never_told_to_end_is_whole_when_the_message_ends() -> None:
    said = _calls_of(_block(0, tool_use(1, {"a": 1}))[:-1])
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"a": 1}


def test_block_whose_place_the_next_one_takes_is_whole() -> None:
    said = _calls_of([*_block(0, tool_use(1, {"a": 1}))[:-1], *_block(0, tool_use(2, {"b": 2}))])
    given = [json.loads(one["function"]["arguments"]) for one in said["tool_calls"]]
    assert given == [{"a": 1}, {"b": 2}]


def test_stream_can_be_put_together_by_the_sdk() -> None:
    told = message(thought("Hm"), text("Look"), tool_use(1, {"city": "Paris"}))
    state = ChatCompletionStreamState()
    for chunk in chunks_of(told):
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    said: Any = state.get_final_completion().choices[0].message
    assert said.content == "Look"
    assert said.reasoning_content == "Hm"
    assert said.thinking_blocks[0]["signature"] == "sig"
    assert json.loads(said.tool_calls[0].function.arguments) == {"city": "Paris"}


_values = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(), max_size=3)
_blocks = st.one_of(
    st.builds(text, st.text(max_size=20)),
    st.builds(thought, st.text(max_size=20), st.text(max_size=5)),
    st.builds(lambda data: {"type": "redacted_thinking", "data": data}, st.text(max_size=5)),
    st.builds(tool_use, st.integers(1, 9), _values),
)
_usages = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 99), "output_tokens": st.integers(0, 99)},
    optional={
        "cache_read_input_tokens": st.integers(0, 99) | st.none(),
        "cache_creation_input_tokens": st.integers(0, 99),
        "output_tokens_details": st.just({"thinking_tokens": 3}),
    },
)


#: No two calls of one message have the same id.
_messages = st.lists(_blocks, max_size=5, unique_by=lambda block: block.get("id") or id(block))


def _with_read_arguments(made: Any) -> Any:
    for call in made["choices"][0]["message"].get("tool_calls", ()):
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return made


@given(_messages, _usages, st.integers(1, 9))
def test_folded_stream_is_the_translation_of_the_whole_message(
    blocks: list[Json], usage: Json, cut: int
) -> None:
    """The white space in arguments is the model's own in a stream: they are compared as JSON."""
    told = message(*blocks, usage=usage)
    streamed = _with_read_arguments(fold(chunks_of(told, cut)))
    assert streamed == _with_read_arguments(completion(told, CREATED_S))
