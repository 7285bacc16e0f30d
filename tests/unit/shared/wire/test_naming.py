"""The names of a chat request: which spellings are known, and where."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codecs.json_text import parse_document, splice
from shared.errors import ValidationFailed
from shared.wire.naming import CHAT_COMPLETION, Shape, edits, find_changes, fold


def _pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _camel(name: str) -> str:
    return name[:1].lower() + _pascal(name)[1:]


def _respell(text: str) -> str:
    _, value = parse_document(text.encode())
    changes = find_changes(value, CHAT_COMPLETION)
    respelled = splice(text, edits(text, 0, changes)) if changes else text
    lost = {name for name, new in changes.names.items() if not new} if changes else set()
    if not lost:
        assert json.loads(respelled) == value, "the view has the names of the text"
    return respelled


_FIELDS = [
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model", "n",
    "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key",
    "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop",
    "store", "stream", "stream_options", "temperature", "tool_choice", "tools", "top_logprobs",
    "top_p", "user", "verbosity", "web_search_options",
]  # fmt: skip


@pytest.mark.parametrize(
    "spell", [str, _pascal, _camel, str.upper], ids=lambda spell: spell.__name__
)
@pytest.mark.parametrize("name", _FIELDS)
def test_find_changes_gives_each_field_its_one_spelling(
    name: str, spell: Callable[[str], str]
) -> None:
    assert _respell(f'{{"{spell(name)}": null}}') == f'{{"{name}": null}}'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("logProbs", "logprobs", id="AI Server's logProbs"),
        pytest.param("topLogProbs", "top_logprobs", id="AI Server's topLogProbs"),
        pytest.param("TopP", "top_p", id="PascalCase with one letter"),
        pytest.param("max-tokens", "max-tokens", id="kebab-case is not known"),
        pytest.param("max tokens", "max tokens", id="a space is not known"),
        pytest.param("to\u212aens", "to\u212aens", id="a Kelvin sign is not a k"),
        pytest.param("maxTo\u212aens", "maxTo\u212aens", id="a Kelvin sign in a known name"),
        pytest.param("topK", "topK", id="an unknown name stays as written"),
        pytest.param("", "", id="an empty name"),
        pytest.param("_", "_", id="only an underscore"),
    ],
)
def test_find_changes_leaves_or_respells_a_name_when(written: str, expected: str) -> None:
    assert _respell(f'{{"{written}":1}}') == f'{{"{expected}":1}}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            '{"Messages":[{"Role":"tool","Content":"Role","ToolCallId":"a","Name":"b"}]}',
            '{"messages":[{"role":"tool","content":"Role","tool_call_id":"a","name":"b"}]}',
            id="messages",
        ),
        pytest.param(
            '{"messages":[{"content":[{"Type":"imageUrl","ImageUrl":{"Url":"U","Detail":"d"}}]}]}',
            '{"messages":[{"content":[{"type":"imageUrl","image_url":{"url":"U","detail":"d"}}]}]}',
            id="an image",
        ),
        pytest.param(
            '{"messages":[{"content":[{"inputAudio":{"Data":"","Format":"wav"}},{"File":'
            '{"fileData":"","FileId":"","Filename":""}},{"Refusal":"r"},{"Text":"t"}]}]}',
            '{"messages":[{"content":[{"input_audio":{"data":"","format":"wav"}},{"file":'
            '{"file_data":"","file_id":"","filename":""}},{"refusal":"r"},{"text":"t"}]}]}',
            id="the other content parts",
        ),
        pytest.param(
            '{"messages":[{"toolCalls":[{"Id":"1","Function":{"Name":"f","Arguments":"{\\"A\\":1}"}}],'
            '"FunctionCall":{"Name":"g"},"Audio":{"Id":"x"}}]}',
            '{"messages":[{"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{\\"A\\":1}"}}],'
            '"function_call":{"name":"g"},"audio":{"id":"x"}}]}',
            id="tool calls",
        ),
        pytest.param(
            '{"Tools":[{"Type":"function","Function":{"Name":"f","Description":"","Strict":true,'
            '"Parameters":{"Type":"object","Properties":{"MaxTokens":{"Type":"x"}}}}}]}',
            '{"tools":[{"type":"function","function":{"name":"f","description":"","strict":true,'
            '"parameters":{"Type":"object","Properties":{"MaxTokens":{"Type":"x"}}}}}]}',
            id="tools, not what their parameters are",
        ),
        pytest.param(
            '{"tools":[{"Custom":{"Name":"n","Format":{"Grammar":{"Syntax":"s"}}}}],'
            '"Functions":[{"Name":"f","Parameters":{"Name":1}}]}',
            '{"tools":[{"custom":{"name":"n","format":{"grammar":{"syntax":"s"}}}}],'
            '"functions":[{"name":"f","parameters":{"Name":1}}]}',
            id="custom tools and functions",
        ),
        pytest.param(
            '{"toolChoice":{"Type":"function","Function":{"Name":"F"},'
            '"AllowedTools":{"Mode":"auto","Tools":[{"Type":"function"}]}},"FunctionCall":{"Name":"f"}}',
            '{"tool_choice":{"type":"function","function":{"name":"F"},'
            '"allowed_tools":{"mode":"auto","tools":[{"type":"function"}]}},"function_call":{"name":"f"}}',
            id="the choice of a tool",
        ),
        pytest.param(
            '{"ResponseFormat":{"Type":"json_schema","JsonSchema":{"Name":"n","Strict":true,'
            '"Schema":{"Schema":1,"Name":2}}}}',
            '{"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,'
            '"schema":{"Schema":1,"Name":2}}}}',
            id="the response format, not the schema in it",
        ),
        pytest.param(
            '{"StreamOptions":{"IncludeUsage":true},"Audio":{"Voice":{"Id":"v"},"Format":"f"},'
            '"Prediction":{"Type":"content","Content":[{"Type":"text","Text":"t"}]},'
            '"webSearchOptions":{"SearchContextSize":"low","UserLocation":{"Approximate":{"City":"c"}}}}',
            '{"stream_options":{"include_usage":true},"audio":{"voice":{"id":"v"},"format":"f"},'
            '"prediction":{"type":"content","content":[{"type":"text","text":"t"}]},'
            '"web_search_options":{"search_context_size":"low","user_location":{"approximate":{"city":"c"}}}}',
            id="options",
        ),
        pytest.param(
            '{"Metadata":{"Model":"x","model":"y"},"LogitBias":{"Stop":1},"Stop":["Stop"]}',
            '{"metadata":{"Model":"x","model":"y"},"logit_bias":{"Stop":1},"stop":["Stop"]}',
            id="opaque values stay as they are",
        ),
        pytest.param(
            '{"ExtraBody":{"Model":"x","model":"y"},"messages":[{"Extra":{"Role":1}, "Role":"u"}]}',
            '{"ExtraBody":{"Model":"x","model":"y"},"messages":[{"Extra":{"Role":1}, "role":"u"}]}',
            id="unknown fields stay with all that is in them",
        ),
        pytest.param(
            '{"n" : 1.50,\t"\\u004dodel":"\\u00e9", "seed":1e400}',
            '{"n" : 1.50,\t"model":"\\u00e9", "seed":1e400}',
            id="numbers, escapes and white space stay as written",
        ),
        pytest.param('{"mode\\u006c":1}', '{"mode\\u006c":1}', id="an escaped name that is right"),
        pytest.param(
            '{"messages":[1,null,[{"Role":"x"}],{"Role":"y"}]}',
            '{"messages":[1,null,[{"Role":"x"}],{"role":"y"}]}',
            id="only objects in an array are messages",
        ),
    ],
)
def test_edits_respell_exactly_the_schema_positions_of(text: str, expected: str) -> None:
    assert _respell(text) == expected
    assert _respell(expected) == expected


@pytest.mark.parametrize(
    ("text", "field"),
    [
        pytest.param('{"model":"a","model":"a"}', "model", id="the same name"),
        pytest.param('{"model":"a","Model":"b"}', "model", id="a second spelling after the first"),
        pytest.param('{"Model":"a","model":"b"}', "model", id="a second spelling before the first"),
        pytest.param('{"maxTokens":1,"MaxTokens":1}', "max_tokens", id="two other spellings"),
        pytest.param('{"refId":"a","RefId":"b"}', "refId", id="a field of the gateway"),
        pytest.param(
            '{"messages":[{},{"role":"a","Role":"b"}]}', "messages[1].role", id="in a message"
        ),
        pytest.param(
            '{"Tools":[{"Function":{"Name":"a","name":"b"}}]}', "tools[0].function.name", id="deep"
        ),
        pytest.param('{"x":1,"x":2}', "x", id="an unknown name"),
        pytest.param('{"\\ud800":1,"\\ud800":2}', "\\ud800", id="a name that cannot be encoded"),
    ],
)
def test_find_changes_refuses_a_field_given_twice_as(text: str, field: str) -> None:
    with pytest.raises(ValidationFailed, match="more than once") as caught:
        _respell(text)
    assert caught.value.field == field
    assert field in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"metadata":{"a":1,"a":2}}', id="in metadata"),
        pytest.param('{"x":{"a":1,"a":2}}', id="in an unknown field"),
        pytest.param('{"topK":1,"top_k":2}', id="of an unknown name in two spellings"),
    ],
)
def test_find_changes_leaves_repeated_names_when_they_stand(text: str) -> None:
    assert _respell(text) == text


def test_find_changes_finds_nothing_when_all_names_are_right() -> None:
    value = {"model": "m", "messages": [{"role": "u", "content": [{"type": "text"}]}], "top_k": 1}
    assert find_changes(value, CHAT_COMPLETION) is None


def test_find_changes_takes_out_the_gateways_own_fields_in_any_spelling() -> None:
    value: dict[str, object] = {"RefId": "r", "tag": "t", "Model": "m"}
    changes = find_changes(value, CHAT_COMPLETION)
    assert changes is not None
    assert changes.names == {"RefId": None, "tag": None, "Model": "model"}
    assert value == {"refId": "r", "tag": "t", "model": "m"}


def _shapes(shape: Shape) -> list[Shape]:
    below = [field.shape for field in shape.by_name.values() if field.shape]
    return [shape, *(found for inner in below for found in _shapes(inner))]


def test_shapes_hold_no_two_names_that_fold_to_the_same() -> None:
    for shape in _shapes(CHAT_COMPLETION):
        assert len({fold(name) for name in shape.by_name}) == len(shape.by_name)


@given(st.data())
def test_fold_is_the_same_for_any_case_and_underscores_of_a_name(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(_FIELDS))
    letters = [
        data.draw(st.sampled_from([letter, letter.upper(), f"_{letter}", f"{letter}_"]))
        for letter in name
    ]
    assert fold("".join(letters)) == fold(name)
