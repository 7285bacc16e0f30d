"""The fold of a streamed chat: what the `openai` SDK accumulates, and a whole answer in the end."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from workers.folds.chat import ChatFold

Json = dict[str, Any]

_HEAD: Json = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1720000000,
    "model": "m-2024",
    "service_tier": "default",
    "system_fingerprint": "fp_1",
}
_USAGE: Json = {
    "prompt_tokens": 9,
    "completion_tokens": 3,
    "total_tokens": 12,
    "completion_tokens_details": {"reasoning_tokens": 1},
}


def _chunk(*choices: Json, **fields: Any) -> Json:
    return {**_HEAD, "choices": list(choices), **fields}


def _choice(delta: Json | None = None, *, index: int = 0, **fields: Any) -> Json:
    return {"index": index, "delta": delta or {}, "logprobs": None, "finish_reason": None, **fields}


def _end(reason: str = "stop", *, index: int = 0) -> Json:
    return _choice(index=index, finish_reason=reason)


def _call(index: int, *, arguments: str = "", name: str | None = None, **fields: Any) -> Json:
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, **fields, "function": function}]}


def _token(text: str) -> Json:
    top = [{"token": text, "logprob": -0.5, "bytes": list(text.encode())}]
    return {"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": top}


def _deltas(*deltas: Json, finish_reason: str = "stop") -> list[Json]:
    return [*(_chunk(_choice(delta)) for delta in deltas), _chunk(_end(finish_reason))]


def _fold(chunks: list[Json]) -> Any:
    fold = ChatFold()
    for chunk in chunks:
        fold.add(chunk)
    return fold.completion()


def _message(*deltas: Json) -> Any:
    return _fold(_deltas(*deltas))["choices"][0]["message"]


def _is_complete(*chunks: Json) -> bool:
    fold = ChatFold()
    for chunk in chunks:
        fold.add(chunk)
    return fold.is_complete


def _accumulate_by_sdk(chunks: list[Json]) -> Json:
    """Return what the SDK has after these chunks, without what it adds of its own."""
    state = ChatCompletionStreamState()
    for chunk in chunks:
        # Validated and not only constructed: the chunks of these tests must be true to the wire.
        state.handle_chunk(ChatCompletionChunk.model_validate(copy.deepcopy(chunk)))
    completion = state.current_completion_snapshot.to_dict()
    for choice in _objects(completion["choices"]):
        choice["message"].pop("parsed", None)
        for call in _objects(choice["message"].get("tool_calls")):
            # An answer that is not streamed has no index at its tool calls.
            del call["index"]
            call["function"].pop("parsed_arguments", None)
    return completion


def _without_nulls(value: Any) -> Any:
    """Leave nulls out: the SDK writes one for each field that it knows and that did not come."""
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value


def _objects(values: Any) -> list[Json]:
    return values or []


STREAMS = {
    "chat": [
        _chunk(_choice({"role": "assistant", "content": "", "refusal": None})),
        _chunk(_choice({"content": "Hel"}), obfuscation="xYz"),
        _chunk(_choice({"content": "lo 😀"})),
        _chunk(_end()),
    ],
    "one chunk": [_chunk(_choice({"role": "assistant", "content": "Hi"}, finish_reason="stop"))],
    "usage in a last chunk without choices": [
        _chunk(_choice({"role": "assistant", "content": "Hi"}), usage=None),
        _chunk(_end("length"), usage=None),
        _chunk(usage=_USAGE),
    ],
    "usage beside the finish reason": [
        _chunk(_choice({"role": "assistant", "content": "Hi"})),
        _chunk(_end(), usage=_USAGE),
    ],
    "parallel tool calls": [
        _chunk(_choice({"role": "assistant", "content": None})),
        _chunk(_choice(_call(0, id="call_a", type="function", name="get_weather"))),
        _chunk(_choice(_call(0, arguments='{"city":'))),
        _chunk(_choice(_call(0, arguments='"Rome"}'))),
        _chunk(_choice(_call(1, id="call_b", type="function", name="get_time"))),
        _chunk(_choice(_call(1, arguments="{}"))),
        _chunk(_end("tool_calls")),
    ],
    "tool calls in turns": [
        _chunk(_choice({"role": "assistant", "content": "Let me see."})),
        _chunk(_choice(_call(0, id="call_a", type="function", name="a", arguments="["))),
        _chunk(_choice(_call(1, id="call_b", type="function", name="b", arguments="{"))),
        _chunk(_choice(_call(0, arguments="]"))),
        _chunk(_choice(_call(1, arguments="}"))),
        _chunk(_end("tool_calls")),
    ],
    "tool calls in one delta, a name in pieces": [
        _chunk(
            _choice(
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"index": 0, "id": "a", "type": "function", "function": {"name": "get_"}},
                        {"index": 1, "id": "b", "type": "function", "function": {"name": "run"}},
                        {"index": 0, "function": {"name": "time", "arguments": "{"}},
                    ],
                }
            )
        ),
        _chunk(_choice(_call(1, arguments="[]"))),
        _chunk(_choice(_call(0, arguments="}"))),
        _chunk(_end("tool_calls")),
    ],
    "a function call of old": [
        _chunk(_choice({"role": "assistant", "content": None, "function_call": {"name": "f"}})),
        _chunk(_choice({"function_call": {"arguments": '{"a"'}})),
        _chunk(_choice({"function_call": {"arguments": ":1}"}})),
        _chunk(_end("function_call")),
    ],
    "several choices": [
        _chunk(_choice({"role": "assistant", "content": ""})),
        _chunk(_choice({"role": "assistant", "content": ""}, index=1)),
        _chunk(_choice({"content": "c"}, index=1)),
        _chunk(_choice({"content": "a"}), _choice({"content": "d"}, index=1)),
        _chunk(_choice({"content": "b"})),
        _chunk(_end("length", index=1)),
        _chunk(_end()),
    ],
    "logprobs": [
        _chunk(
            _choice(
                {"role": "assistant", "content": ""},
                logprobs={"content": [], "refusal": None},
            )
        ),
        _chunk(_choice({"content": "a"}, logprobs={"content": [_token("a")], "refusal": None})),
        _chunk(
            _choice(
                {"content": "b€"},
                logprobs={"content": [_token("b"), _token("€")], "refusal": None},
            )
        ),
        _chunk(_end()),
    ],
    "logprobs that begin late": [
        _chunk(_choice({"role": "assistant", "content": ""})),
        _chunk(_choice({"content": "a"}, logprobs={"content": [_token("a")], "refusal": None})),
        _chunk(_end()),
    ],
    "a refusal with logprobs": [
        _chunk(_choice({"role": "assistant", "content": None, "refusal": ""})),
        _chunk(_choice({"refusal": "I "}, logprobs={"content": None, "refusal": [_token("I ")]})),
        _chunk(_choice({"refusal": "no."}, logprobs={"content": None, "refusal": [_token("no.")]})),
        _chunk(_end()),
    ],
    "reasoning and unknown delta fields": [
        _chunk(_choice({"role": "assistant", "content": None, "reasoning_content": "Let"})),
        _chunk(_choice({"reasoning_content": " me", "reasoning": "A", "seen": ["a"]})),
        _chunk(_choice({"content": "Hi", "reasoning": "B", "seen": ["b", "c"]})),
        _chunk(_choice({"content": "!", "extra": {"note": "x", "more": {"text": "y"}}})),
        _chunk(_choice({"extra": {"note": "z", "more": {"text": "w"}}})),
        _chunk(_end()),
    ],
    "an unknown list with indexes": [
        _chunk(_choice({"role": "assistant", "content": None})),
        _chunk(_choice({"details": [{"index": 0, "type": "text", "text": "a"}]})),
        _chunk(_choice({"details": [{"index": 0, "type": "text", "text": "b"}]})),
        _chunk(_choice({"details": [{"index": 1, "type": "text", "text": "c"}]})),
        _chunk(_end()),
    ],
    "audio": [
        _chunk(_choice({"role": "assistant", "content": None, "audio": {"id": "audio_1"}})),
        _chunk(_choice({"audio": {"data": "AAAA", "transcript": "He"}})),
        _chunk(_choice({"audio": {"data": "BBBB", "transcript": "y"}})),
        _chunk(_end()),
        _chunk(_choice({"audio": {"expires_at": 1720000999}})),
    ],
    "unknown fields of the first chunk": [
        _chunk(_choice({"role": "assistant", "content": "a"}, mark="m"), provider="p", cost=0.5),
        _chunk(_end()),
    ],
    "a system fingerprint of null": [
        _chunk(_choice({"role": "assistant", "content": "a"}), system_fingerprint=None),
        _chunk(_end(), system_fingerprint=None),
    ],
}


@pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS.keys())
def test_the_fold_is_what_the_sdk_accumulates(chunks: list[Json]) -> None:
    assert _without_nulls(_fold(chunks)) == _without_nulls(_accumulate_by_sdk(chunks))


@pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS.keys())
def test_the_fold_is_a_valid_completion_and_complete(chunks: list[Json]) -> None:
    completion = ChatCompletion.model_validate(_fold(chunks))
    assert completion.object == "chat.completion"
    assert _is_complete(*chunks)


@pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS.keys())
def test_the_fold_changes_no_chunk_and_can_be_taken_at_any_time(chunks: list[Json]) -> None:
    before = copy.deepcopy(chunks)
    fold = ChatFold()
    for count, chunk in enumerate(chunks, 1):
        fold.add(chunk)
        assert fold.completion() == _fold(chunks[:count])
    assert chunks == before


def test_a_completion_does_not_change_with_later_chunks() -> None:
    fold = ChatFold()
    for chunk in STREAMS["logprobs"][:2]:
        fold.add(chunk)
    early = fold.completion()
    kept = copy.deepcopy(early)
    for chunk in STREAMS["logprobs"][2:]:
        fold.add(chunk)
    assert early == kept
    assert early != fold.completion()


def test_a_chat_becomes_the_answer_that_is_not_streamed() -> None:
    chunks = [*STREAMS["chat"], _chunk(usage=_USAGE)]
    assert _fold(chunks) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1720000000,
        "model": "m-2024",
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello 😀", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": _USAGE,
    }


def test_tool_calls_become_those_that_are_not_streamed() -> None:
    message = _fold(STREAMS["parallel tool calls"])["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {
            "id": "call_a",
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'},
        },
        {"id": "call_b", "type": "function", "function": {"name": "get_time", "arguments": "{}"}},
    ]


@pytest.mark.parametrize(
    ("deltas", "message"),
    [
        pytest.param([{}], {"role": "assistant", "content": None}, id="nothing at all"),
        pytest.param(
            [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}],
            {"role": "assistant", "content": "ab"},
            id="a role in each chunk does not double",
        ),
        pytest.param(
            [{"role": "tool"}, {"role": None}, {"role": ""}],
            {"role": "tool", "content": None},
            id="a blank role replaces none",
        ),
        pytest.param([{"content": ""}], {"role": "assistant", "content": ""}, id="empty content"),
        pytest.param(
            [{"content": None}, {"content": None}],
            {"role": "assistant", "content": None},
            id="content of null stays null",
        ),
        pytest.param(
            [{"content": "a"}, {"content": None}, {"content": "b"}],
            {"role": "assistant", "content": "ab"},
            id="null between pieces",
        ),
        pytest.param(
            [{"content": [{"type": "thinking"}]}, {"content": ""}],
            {"role": "assistant", "content": [{"type": "thinking"}]},
            id="content in parts is not lost to an empty string",
        ),
        pytest.param(
            [{"content": [{"type": "text", "text": "a"}]}, {"content": [{"type": "image"}]}],
            {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "image"}]},
            id="a list without indexes is extended",
        ),
        pytest.param(
            [{"score": 1}, {"score": 2}, {"score": 0}, {"ok": True}, {"ok": False}],
            {"role": "assistant", "content": None, "score": 0, "ok": False},
            id="the last number wins",
        ),
        pytest.param(
            [{"x": None}, {"x": 1}, {"x": "a"}, {"x": "b"}, {"x": {"y": "c"}}, {"x": {"y": "d"}}],
            {"role": "assistant", "content": None, "x": {"y": "cd"}},
            id="another type replaces",
        ),
        pytest.param([{"x": {"y": None}}, {"x": {}}, {"x": None}, {"x": []}],
                     {"role": "assistant", "content": None, "x": {"y": None}},
                     id="blank values replace nothing"),
        pytest.param(
            [{"x": ["a"]}, {"x": [{"index": 1, "t": "c"}, {"index": 0, "t": "b"}]}],
            {
                "role": "assistant",
                "content": None,
                "x": [{"index": 0, "t": "b"}, {"index": 1, "t": "c"}, "a"],
            },
            id="a list with and without indexes",
        ),
        pytest.param(
            [{"audio": {"id": "a"}}, {"audio": {"data": "YQ==", "transcript": "A"}},
             {"audio": {"data": "YmM="}}, {"audio": {"expires_at": 7, "transcript": "bc"}}],
            {"role": "assistant", "content": None, "audio": {
                "id": "a", "data": "YWJj", "transcript": "Abc", "expires_at": 7}},
            id="sound, of which each piece is padded",
        ),
        pytest.param(
            [{"audio": {"data": "YQ=="}}, {"audio": {"data": "?"}}],
            {"role": "assistant", "content": None, "audio": {"data": "YQ==?"}},
            id="sound that is no base64 stays as it came",
        ),
    ],
)  # fmt: skip
def test_deltas_become_a_message(deltas: list[Json], message: Json) -> None:
    assert _message(*deltas) == message


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        pytest.param(
            [_call(1, id="b", name="b"), _call(0, id="a", name="a"), _call(1, arguments="{}")],
            [
                {"id": "a", "function": {"name": "a", "arguments": ""}},
                {"id": "b", "function": {"name": "b", "arguments": "{}"}},
            ],
            id="calls begin in another order",
        ),
        pytest.param(
            [_call(1, id="b", name="b"), _call(1, arguments="{}")],
            [{"id": "b", "function": {"name": "b", "arguments": "{}"}}],
            id="the first index is not 0",
        ),
        pytest.param(
            [_call(0, id="a", type="function", name="a"), _call(0, id="a", type="function")],
            [{"id": "a", "type": "function", "function": {"name": "a", "arguments": ""}}],
            id="an id that is sent again does not double",
        ),
        pytest.param(
            [_call(0, id="a", type="function", name="a"), _call(0, id="", type=None)],
            [{"id": "a", "type": "function", "function": {"name": "a", "arguments": ""}}],
            id="blank ids and types replace none",
        ),
        pytest.param(
            [
                _call(0, id="a", name="f", arguments=""),
                _call(0, id="b", arguments='{"x"'),
                _call(0, id="c", name="", arguments=":1}"),
                _call(0, id="d", name="f", arguments="{}"),
                {"tool_calls": [{"id": "e", "function": {"arguments": " "}}]},
            ],
            [
                {"id": "a", "function": {"name": "f", "arguments": '{"x":1}'}},
                {"id": "d", "function": {"name": "f", "arguments": "{} "}},
            ],
            id="an id of its own in each piece",
        ),
        pytest.param(
            [_call(0, id="a"), _call(0, arguments="{"), _call(0, name="f", arguments="}")],
            [{"id": "a", "function": {"arguments": "{}", "name": "f"}}],
            id="a name after the arguments",
        ),
        pytest.param(
            [
                {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
                {"tool_calls": [{"id": "b", "function": {"name": "g", "arguments": "{}"}}]},
            ],
            [
                {"id": "a", "function": {"name": "f", "arguments": "{}"}},
                {"id": "b", "function": {"name": "g", "arguments": "{}"}},
            ],
            id="whole calls without an index",
        ),
        pytest.param(
            [
                {"tool_calls": [{"index": 0, "type": "custom", "custom": {"name": "f"}}]},
                {"tool_calls": [{"index": 0, "custom": {"input": "a"}}]},
                {"tool_calls": [{"index": 0, "custom": {"input": "b"}}]},
            ],
            [{"type": "custom", "custom": {"name": "f", "input": "ab"}}],
            id="a custom tool",
        ),
        pytest.param([{"tool_calls": None}], None, id="null"),
        pytest.param([{"tool_calls": []}], [], id="an empty list"),
    ],
)
def test_deltas_become_tool_calls(deltas: list[Json], calls: list[Json] | None) -> None:
    assert _message(*deltas)["tool_calls"] == calls


def test_a_character_cut_in_surrogates_becomes_whole() -> None:
    halves = [json.loads(r'"a\ud83d"'), json.loads(r'"\ude00b"')]
    assert _message(*({"content": half} for half in halves))["content"] == "a😀b"


def test_pictures_of_one_index_are_several() -> None:
    pictures = [
        {"type": "image_url", "index": 0, "image_url": {"url": f"data:image/png;base64,{data}"}}
        for data in ("AAAA", "BBBB")
    ]
    assert _message(*({"images": [one]} for one in pictures))["images"] == pictures


def test_a_lone_surrogate_stays_as_it_came() -> None:
    assert _message({"content": "\ude00"}, {"content": "\ud83d"})["content"] == "\ude00\ud83d"


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        pytest.param([{"id": "a"}, {"id": "b"}], "id", "a", id="the first id"),
        pytest.param([{"id": ""}, {"id": "b"}], "id", "b", id="a blank id is none"),
        pytest.param([{"created": 0}, {"created": 2}, {"created": 3}], "created", 2, id="created"),
        pytest.param([{"model": ""}, {"model": "m"}, {"model": "n"}], "model", "n", id="model"),
        pytest.param(
            [{"system_fingerprint": "a"}, {"system_fingerprint": None}],
            "system_fingerprint",
            "a",
            id="null replaces nothing",
        ),
        pytest.param([{"usage": _USAGE}, {"usage": None}], "usage", _USAGE, id="usage, then null"),
        pytest.param([{"usage": {"x": 1}}, {"usage": _USAGE}], "usage", _USAGE, id="usage twice"),
        pytest.param([{"usage": None}], "usage", None, id="usage of null"),
        pytest.param([{"cited": ["a"]}, {"cited": ["b"]}], "cited", ["b"], id="an unknown list"),
        pytest.param([{"object": "chat.completion.chunk"}], "object", "chat.completion", id="kind"),
        pytest.param([{"object": ""}], "object", "chat.completion", id="an object of no name"),
    ],
)
def test_top_level_fields_become_those_of_the_completion(
    fields: list[Json], name: str, value: object
) -> None:
    assert _fold([{"choices": [], **each} for each in fields])[name] == value


def test_padding_against_side_channels_is_left_out() -> None:
    assert "obfuscation" not in _fold([_chunk(obfuscation="a"), _chunk(obfuscation="b")])


def test_choices_are_ordered_by_index_whichever_came_first() -> None:
    chunks = [_chunk(_choice({"content": str(at)}, index=at)) for at in (2, 0, 1)]
    choices = _fold(chunks)["choices"]
    assert [(each["index"], each["message"]["content"]) for each in choices] == [
        (0, "0"), (1, "1"), (2, "2")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        pytest.param([{"stop_reason": None}, {"stop_reason": 7}], "stop_reason", 7, id="last"),
        pytest.param([{"stop_reason": "a"}, {"stop_reason": "b"}], "stop_reason", "b", id="text"),
        pytest.param([{"ids": [1]}, {"ids": [2, 3]}, {"ids": None}], "ids", [1, 2, 3], id="lists"),
        pytest.param(
            [{"filtered": {"hate": {"severity": "safe"}}}] * 2 + [{"filtered": {}}],
            "filtered",
            {"hate": {"severity": "safe"}},
            id="verdicts in each chunk do not double",
        ),
        pytest.param([{"message": {"content": "no"}}], "message",
                     {"role": "assistant", "content": None}, id="a message is no delta"),
        pytest.param([{"finish_reason": "stop"}, {"finish_reason": None}], "finish_reason", "stop",
                     id="a finish reason stays"),
        pytest.param([{"finish_reason": "tool_calls"}, {"finish_reason": "stop"}], "finish_reason",
                     "stop", id="the last finish reason"),
        pytest.param([{}], "finish_reason", None, id="no finish reason"),
    ],
)  # fmt: skip
def test_fields_of_a_choice_are_kept(fields: list[Json], name: str, value: object) -> None:
    chunks = [{"choices": [{"index": 0, "delta": {}, **each}]} for each in fields]
    assert _fold(chunks)["choices"][0][name] == value


@pytest.mark.parametrize(
    ("chunk", "choices"),
    [
        pytest.param({}, [], id="an empty chunk"),
        pytest.param({"choices": None}, [], id="choices of null"),
        pytest.param({"choices": {"index": 0}}, [], id="choices that are no list"),
        pytest.param({"choices": [None, 1, "a", []]}, [], id="choices that are no objects"),
        pytest.param({"choices": [{}]}, [0], id="a choice without index or delta"),
        pytest.param({"choices": [{"index": "a", "delta": None}]}, [0], id="an index of text"),
        pytest.param({"choices": [{"index": "1", "delta": None}]}, [1], id="one written as text"),
        pytest.param({"choices": [{"index": [], "delta": []}]}, [0], id="a delta that is a list"),
        pytest.param({"choices": [{"logprobs": "x"}]}, [0], id="logprobs of text"),
        pytest.param(
            {"choices": [{"delta": {"tool_calls": ["x", None, {"index": "a"}], "role": {}}}]},
            [0],
            id="tool calls of wrong types",
        ),
        pytest.param({"choices": [{"delta": {"tool_calls": "x"}}]}, [0], id="tool calls of text"),
    ],
)
def test_parts_of_a_wrong_type_do_no_harm(chunk: Json, choices: list[int]) -> None:
    folded = _fold([chunk, chunk])
    assert [choice["index"] for choice in folded["choices"]] == choices
    assert not _is_complete(chunk)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([], False, id="no chunk"),
        pytest.param([_chunk(usage=_USAGE)], False, id="no choice"),
        pytest.param([_chunk(_choice({"content": "a"}))], False, id="in the middle"),
        pytest.param([_chunk(_choice(), _choice(index=1)), _chunk(_end())], False, id="one of two"),
        pytest.param([_chunk(_end(index=1)), _chunk(_choice())], False, id="the other of two"),
        pytest.param([_chunk(_end()), _chunk(_end(index=1))], True, id="both"),
        pytest.param([_chunk(_end("")), _chunk(usage=_USAGE)], False, id="a reason without text"),
        pytest.param([_chunk(_end("length"))], True, id="cut by the limit of tokens"),
        pytest.param([_chunk(_end()), _chunk(_choice())], True, id="a later delta"),
        pytest.param([_chunk(_end()), _chunk(usage=_USAGE)], True, id="usage after the end"),
    ],
)
def test_a_stream_is_complete_when_each_choice_has_its_finish_reason(
    chunks: list[Json], *, expected: bool
) -> None:
    assert _is_complete(*chunks) is expected


@pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_that_broke_never_looks_complete(chunks: list[Json]) -> None:
    ends = [at for at, chunk in enumerate(chunks) for c in chunk["choices"] if c["finish_reason"]]
    assert not any(_is_complete(*chunks[:count]) for count in range(ends[-1] + 1))


# --- any completion, cut at random, folds back -------------------------------------------------

_texts = st.text(st.characters(codec="utf-8"), max_size=12)
#: No letter twice: a piece that is the whole of what came before it is a name that is sent again.
_names = st.lists(st.sampled_from("abcdef_"), min_size=1, max_size=6, unique=True).map("".join)
# Not empty: the SDK leaves logprobs of null as they are when an empty list comes.
_tokens = st.lists(st.builds(_token, _texts), min_size=1, max_size=3)
_functions = st.fixed_dictionaries({"name": _names, "arguments": _texts})
_calls = st.lists(
    st.fixed_dictionaries({"id": _names, "type": st.just("function"), "function": _functions}),
    min_size=1,
    max_size=3,
    unique_by=lambda call: str(call["id"]),
)
_messages = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": st.none() | _texts},
    optional={
        "refusal": st.none() | _texts,
        "tool_calls": _calls,
        "function_call": _functions,
        "reasoning_content": _texts,
        "seen": st.lists(_texts, max_size=3),
    },
)
_choices = st.fixed_dictionaries(
    {
        "message": _messages,
        "logprobs": st.none()
        | st.fixed_dictionaries({"content": st.none() | _tokens, "refusal": st.none() | _tokens}),
        "finish_reason": st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
    }
)
_completions = st.builds(
    lambda choices, usage: {
        **_HEAD,
        "object": "chat.completion",
        "choices": [{"index": at, **choice} for at, choice in enumerate(choices)],
        **usage,
    },
    st.lists(_choices, min_size=1, max_size=3),
    st.sampled_from([{}, {"usage": _USAGE}]),
)


@st.composite
def _cut(draw: st.DrawFn, completion: Json) -> list[Json]:
    """Return the chunks of a completion: the heads of its choices, then their parts in turns."""
    parts = [_parts_of(draw, choice) for choice in completion["choices"]]
    chunks = [_chunk(*(part.pop(0) for part in parts))]
    while any(parts):
        turn = draw(st.sampled_from([part for part in parts if part]))
        chunks.append(_chunk(turn.pop(0)))
    if "usage" in completion:
        chunks.append(_chunk(usage=completion["usage"]))
    return chunks


def _parts_of(draw: st.DrawFn, choice: Json) -> list[Json]:
    index, message, logprobs = choice["index"], choice["message"], choice["logprobs"]
    head = {"role": "assistant"}
    head |= {name: None for name, value in message.items() if value is None}
    deltas: list[Json] = []
    for name, value in message.items():
        if name == "function_call":
            deltas += ({name: part} for part in _cut_function(draw, value))
        elif name == "tool_calls":
            deltas += ({name: [part]} for part in _cut_calls(draw, value))
        elif name != "role" and value is not None:
            deltas += ({name: part} for part in _pieces(draw, value))
    tails = [_choice(delta, index=index) for delta in deltas]
    if logprobs is not None:
        tails.append(_choice(index=index, logprobs=dict.fromkeys(logprobs)))
        for name, tokens in logprobs.items():
            for part in _pieces(draw, tokens) if tokens is not None else ():
                both = {"content": None, "refusal": None, name: part}
                tails.append(_choice(index=index, logprobs=both))
    return [_choice(head, index=index), *tails, _end(choice["finish_reason"], index=index)]


def _cut_calls(draw: st.DrawFn, calls: list[Json]) -> list[Json]:
    begun = [
        _call(at, id=call["id"], type=call["type"], name="")["tool_calls"][0]
        for at, call in enumerate(calls)
    ]
    rest = [
        {"index": at, "function": part}
        for at, call in enumerate(calls)
        for part in _cut_function(draw, call["function"])
    ]
    order = draw(st.permutations(range(len(calls))))
    return begun + sorted(rest, key=lambda part: order[part["index"]])


def _cut_function(draw: st.DrawFn, function: Json) -> list[Json]:
    return [{name: part} for name, value in function.items() for part in _pieces(draw, value)]


def _pieces(draw: st.DrawFn, value: Any) -> list[Any]:
    """Cut a text or list, some pieces empty."""
    places = sorted(draw(st.lists(st.integers(0, len(value)), max_size=3)))
    return [value[a:b] for a, b in zip([0, *places], [*places, len(value)], strict=True)]


_cut_completions = _completions.flatmap(
    lambda completion: st.tuples(st.just(completion), _cut(completion))
)


@given(_cut_completions)
def test_a_completion_cut_at_random_folds_back(cut: tuple[Json, list[Json]]) -> None:
    completion, chunks = cut
    before = copy.deepcopy(chunks)
    assert _fold(chunks) == completion
    assert chunks == before
    assert _is_complete(*chunks)
    # The finish reason of some choice is in the last chunk, or in the one before its usage.
    assert not _is_complete(*chunks[: -2 if "usage" in completion else -1])


@given(_cut_completions)
def test_a_completion_cut_at_random_is_what_the_sdk_accumulates(
    cut: tuple[Json, list[Json]],
) -> None:
    _, chunks = cut
    assert _without_nulls(_fold(chunks)) == _without_nulls(_accumulate_by_sdk(chunks))
