"""Chat requests: what reaches the LLM, what the gateway is told, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import MalformedJson, ValidationFailed
from shared.wire.chat_request import (
    ChatCall,
    ChatRequest,
    parse_chat_completion,
    parse_queue_chat_completion,
    with_model,
)

_MESSAGES = '"messages":[{"role":"user","content":"Hi"}]'
_PLAIN = f'{{"model":"m",{_MESSAGES}}}'


def _with(**fields: object) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}


def _with_message(**fields: object) -> dict[str, Any]:
    return _with(messages=[{"role": "user", **fields}])


def _raw(value: object) -> bytes:
    return json.dumps(value).encode()


# -- the body ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_PLAIN, id="a plain request"),
        pytest.param(f"\n {_PLAIN}\t", id="white space around it"),
        pytest.param(
            f'{{ "model" : "m" ,\n{_MESSAGES},"temperature":0.70,"seed":{"9" * 100}}}',
            id="numbers and white space as written",
        ),
        pytest.param(f'{{"model":"m",{_MESSAGES},"x":1e400,"y":-0.0,"z":1E5}}', id="odd numbers"),
        pytest.param(f'{{"model":"m",{_MESSAGES},"Extra":{{"Model":1,"Model":2}}}}', id="unknown"),
        pytest.param(f'{{"model":"m",{_MESSAGES},"stop":null,"tools":[]}}', id="null and empty"),
        pytest.param(
            '{"model":"m","messages":[{"role":"user","content":"\\ud83d \\u00e9 é \\/"}]}',
            id="escapes and a lone surrogate in content",
        ),
        pytest.param('{"mode\\u006c":"\\u006d",' + _MESSAGES + "}", id="an escaped name and model"),
        pytest.param(
            f'{{"model":"m",{_MESSAGES},"tools":[{{"type":"function","function":{{"name":"f",'
            '"parameters":{"MaxTokens":{"refId":1,"RefId":2}}}}]}',
            id="a tool's parameters",
        ),
    ],
)
def test_body_is_the_clients_own_text_when_nothing_has_to_change(text: str) -> None:
    assert parse_chat_completion(text.encode()).chat == ChatRequest("m", text, stream=False)
    queued = f'\n{{"before":[1], "request" : {text} , "after":{{}}}}'
    assert parse_queue_chat_completion(queued.encode()).chat.body == text.strip()


@pytest.mark.parametrize(
    ("text", "body"),
    [
        pytest.param(
            f'{{"model":"m", {_MESSAGES}, "maxTokens":150}}',
            f'{{"model":"m", {_MESSAGES}, "max_tokens":150}}',
            id="a name in camelCase",
        ),
        pytest.param(
            f'  {{"Model":"m",{_MESSAGES},"x":1.50}} ',
            f'  {{"model":"m",{_MESSAGES},"x":1.50}} ',
            id="white space before it",
        ),
        pytest.param(
            f'{{"refId":"r","model":"m","RefIdX":1,{_MESSAGES}, "Tag":"t", "provider":null}}',
            f'{{"model":"m","RefIdX":1,{_MESSAGES}}}',
            id="the gateway's fields go, first, last and null",
        ),
        pytest.param(
            f'{{"ReplyTo":"http://x","timeout_secs":5,"Model":"m",{_MESSAGES}}}',
            f'{{"model":"m",{_MESSAGES}}}',
            id="replyTo and timeoutSecs go too",
        ),
        pytest.param(
            f'{{"model":"m",{_MESSAGES},"metadata":{{"refId":1,"refId":2}},"tag":"a"}}',
            f'{{"model":"m",{_MESSAGES},"metadata":{{"refId":1,"refId":2}}}}',
            id="those of the same name further down stay",
        ),
        pytest.param(
            '{"model":"m","messages":[{"role":"a"},{"role":"tool","toolCallId":"1","content":""}]}',
            '{"model":"m","messages":[{"role":"a"},{"role":"tool","tool_call_id":"1","content":""}]}',
            id="a name in a message",
        ),
    ],
)
def test_body_loses_and_respells_only_what_it_must_for(text: str, body: str) -> None:
    assert parse_chat_completion(text.encode()).chat.body == body
    queued = f'{{"request":{text},"RefId":"q"}}'
    assert parse_queue_chat_completion(queued.encode()).chat.body == body.strip()


def test_body_of_a_huge_request_is_made_in_linear_time() -> None:
    content = '\\n{\\"[' * 800_000
    text = f'{{"Model":"m","messages":[{{"Role":"u","content":"{content}"}}],"tag":"t"}}'
    expected = f'{{"model":"m","messages":[{{"role":"u","content":"{content}"}}]}}'
    assert parse_chat_completion(text.encode()).chat.body == expected


_opaque_texts = (
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
    .filter(lambda value: "inf" not in repr(value))
    .map(json.dumps)
) | st.sampled_from(
    [
        '{"Model":1.50,"Model":1e400}',
        "[ 1 ,\n2.0 ]",
        '"\\ud800"',
        '"\\u00e9\\/"',
        "9" * 300,
        '{"refId":"x","messages":[{"Role":1}]}',
        "-0",
        '"}],{"',
        '{"a" :\t{"a":{ }}}',
    ]
)
_spellings = {
    name: st.sampled_from(spellings)
    for name, spellings in {
        "model": ["model", "Model", "MODEL", "\\u006dodel"],
        "messages": ["messages", "Messages"],
        "role": ["role", "Role"],
        "content": ["content", "Content"],
        "metadata": ["metadata", "Metadata", "metaData"],
        "tools": ["tools", "Tools"],
        "function": ["function", "Function"],
        "parameters": ["parameters", "Parameters"],
        "max_tokens": ["max_tokens", "maxTokens", "MaxTokens"],
    }.items()
}
_spaces = st.sampled_from(["", " ", "\n\t"])


def _template(names: dict[str, str], opaque: list[str], gap: str) -> str:
    metadata, parameters, unknown = opaque
    return (
        f'{{{gap}"{names["metadata"]}"{gap}:{gap}{{"x":{metadata}}},"unknownThing":{unknown}{gap},'
        f'"{names["messages"]}":[{{"{names["role"]}":"user","Odd":{unknown},"{names["content"]}":""}}]'
        f'{gap},"{names["tools"]}":[{{"{names["function"]}":{{"{names["parameters"]}":{parameters}}}}}]'
        f',{gap}"{names["max_tokens"]}":5,"{names["model"]}":"m"{gap}}}'
    )


@given(st.fixed_dictionaries(_spellings), st.lists(_opaque_texts, min_size=3, max_size=3), _spaces)
def test_body_keeps_everything_opaque_byte_for_byte_whatever_the_spelling(
    names: dict[str, str], opaque: list[str], gap: str
) -> None:
    text = _template(names, opaque, gap)
    right = {name: name for name in names}
    if names["model"].startswith("\\"):
        right["model"] = names["model"]
    expected = _template(right, opaque, gap)
    assert parse_chat_completion(text.encode()).chat.body == expected
    envelope = f'{{"Request":{gap}{text}{gap},"request2":{opaque[0]}}}'
    assert parse_queue_chat_completion(envelope.encode()).chat.body == expected


@given(
    st.permutations(
        ['"RefId":"r"', '"tag" : "t"', '"x":1.50', '"model":"m"', '"y":[ ]', _MESSAGES]
    ),
    _spaces,
)
def test_body_is_valid_and_in_order_wherever_the_gateways_fields_stood(
    parts: list[str], gap: str
) -> None:
    text = "{" + f"{gap},{gap}".join(parts) + "}"
    call = parse_chat_completion(text.encode())
    kept = [part for part in parts if part not in ('"RefId":"r"', '"tag" : "t"')]
    assert json.loads(call.chat.body, object_pairs_hook=list) == json.loads(
        "{" + ",".join(kept) + "}", object_pairs_hook=list
    )
    assert all(part in call.chat.body for part in kept)


# -- what the gateway is told -------------------------------------------------------------------


def test_parse_chat_completion_reads_the_gateways_fields() -> None:
    call = parse_chat_completion(
        _raw(
            _with(refId="r", Provider="p", tag="t", reply_to="http://x", timeoutSecs=5, Stream=True)
        )
    )
    assert (call.ref_id, call.provider, call.tag, call.reply_to) == ("r", "p", "t", "http://x")
    assert (call.timeout_s, type(call.timeout_s), call.chat.stream) == (5.0, float, True)


@pytest.mark.parametrize("empty", [pytest.param(None, id="null"), pytest.param("", id="empty")])
def test_parse_takes_a_gateway_field_as_absent_when_it_is(empty: object) -> None:
    told = dict.fromkeys(("refId", "provider", "tag", "replyTo"), empty)
    for call in (
        parse_chat_completion(_raw(_with(**told, timeoutSecs=None))),
        parse_queue_chat_completion(_raw({**told, "timeoutSecs": None, "request": _with(**told)})),
    ):
        assert call == ChatCall(call.chat, None, None, None, None, None)
        assert json.loads(call.chat.body) == _with()


def test_parse_queue_takes_the_envelopes_field_when_both_have_it() -> None:
    inner = _with(refId="inner", provider="inner", tag="inner", timeoutSecs=1, replyTo="inner")
    outer = {"RefId": "outer", "provider": "", "Tag": None, "TimeoutSecs": 2.5, "request": inner}
    call = parse_queue_chat_completion(_raw(outer))
    assert (call.ref_id, call.timeout_s) == ("outer", 2.5)
    assert (call.provider, call.tag, call.reply_to) == ("inner", "inner", "inner")
    assert json.loads(call.chat.body) == _with()


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(True, True, id="true"),
        pytest.param(False, False, id="false"),
        pytest.param(None, False, id="null"),
    ],
)
def test_parse_reads_stream_as_asked_when_it_is(stream: bool | None, expected: bool) -> None:
    assert parse_chat_completion(_raw(_with(stream=stream))).chat.stream is expected


# -- what is refused ---------------------------------------------------------------------------

_LONG = "x" * 257


@pytest.mark.parametrize(
    ("value", "message", "field"),
    [
        pytest.param([], "The body must be an object", None, id="a list"),
        pytest.param("x", "The body must be an object", None, id="a string"),
        pytest.param(None, "The body must be an object", None, id="null"),
        pytest.param({"messages": [{"role": "u"}]}, "model is missing", "model", id="no model"),
        pytest.param(_with(model=None), "model must be a string", "model", id="null model"),
        pytest.param(
            _with(model=""), "model must be a non-empty string", "model", id="empty model"
        ),
        pytest.param(
            _with(model=_LONG), "model must be at most 256 characters long", "model", id="long"
        ),
        pytest.param(
            _with(model="a\nb"), "model must not contain control characters", "model", id="lf"
        ),
        pytest.param(
            _with(model="\ud800"),
            "model must not contain half of a surrogate pair",
            "model",
            id="a model with a lone surrogate",
        ),
        pytest.param({"model": "m"}, "messages is missing", "messages", id="no messages"),
        pytest.param(
            _with(messages=[]), "messages must be a non-empty list", "messages", id="no message"
        ),
        pytest.param(
            _with(messages={}), "messages must be a non-empty list", "messages", id="an object"
        ),
        pytest.param(
            _with(messages=None),
            "messages must be a non-empty list",
            "messages",
            id="null messages",
        ),
        pytest.param(
            _with(messages=["a"]), "messages[0] must be an object", "messages[0]", id="a text"
        ),
        pytest.param(
            _with(Messages=[{"Content": "a"}], messages_=1),
            "messages is given more than once; send it once",
            "messages",
            id="messages in two spellings",
        ),
        pytest.param(
            _with(messages=[{"role": "u"}, {}]),
            "messages[1].role is missing",
            "messages[1].role",
            id="no role",
        ),
        pytest.param(
            _with(messages=[{"role": ""}]),
            "messages[0].role must be a non-empty string",
            "messages[0].role",
            id="an empty role",
        ),
        pytest.param(
            _with_message(content=5),
            "messages[0].content must be a string or a list",
            "messages[0].content",
            id="content is a number",
        ),
        pytest.param(
            _with_message(content={"type": "text", "<text>": 1}),
            "messages[0].content must be a string or a list",
            "messages[0].content",
            id="content is an object",
        ),
        pytest.param(
            _with_message(content=[{"type": "text"}, "b"]),
            "messages[0].content[1] must be an object",
            "messages[0].content[1]",
            id="a content part is a text",
        ),
        pytest.param(
            _with_message(content=[{"text": "b"}]),
            "messages[0].content[0].type is missing",
            "messages[0].content[0].type",
            id="a content part without type",
        ),
        pytest.param(
            _with_message(toolCalls=["a"]),
            "messages[0].tool_calls[0] must be an object",
            "messages[0].tool_calls[0]",
            id="a tool call is a text, in OpenAI's names",
        ),
        pytest.param(
            _with(temperature="1"), "temperature must be a number", "temperature", id="text"
        ),
        pytest.param(
            _with(temperature=True), "temperature must be a number", "temperature", id="bool"
        ),
        pytest.param(_with(topP=True), "top_p must be a number", "top_p", id="top_p is a bool"),
        pytest.param(
            _with(maxTokens=1.5), "max_tokens must be an integer", "max_tokens", id="float"
        ),
        pytest.param(_with(n=True), "n must be an integer", "n", id="n is a bool"),
        pytest.param(_with(seed="1"), "seed must be an integer", "seed", id="seed is a text"),
        pytest.param(
            _with(top_logprobs=[]), "top_logprobs must be an integer", "top_logprobs", id="[]"
        ),
        pytest.param(
            _with(logProbs=1), "logprobs must be true or false", "logprobs", id="logprobs"
        ),
        pytest.param(_with(stream="true"), "stream must be true or false", "stream", id="stream"),
        pytest.param(_with(stop=5), "stop must be a string or a list", "stop", id="stop"),
        pytest.param(_with(stop=["a", 5]), "stop[1] must be a string", "stop[1]", id="one stop"),
        pytest.param(_with(tools={}), "tools must be a list", "tools", id="tools is an object"),
        pytest.param(_with(tools=[1]), "tools[0] must be an object", "tools[0]", id="one tool"),
        pytest.param(
            _with(toolChoice=1),
            "tool_choice must be a string or an object",
            "tool_choice",
            id="choice",
        ),
        pytest.param(
            _with(response_format="text"),
            "response_format must be an object",
            "response_format",
            id="response_format is a text",
        ),
        pytest.param(
            _with(response_format={}),
            "response_format.type is missing",
            "response_format.type",
            id="response_format without type",
        ),
        pytest.param(
            _with(stream_options=1),
            "stream_options must be an object",
            "stream_options",
            id="options",
        ),
        pytest.param(_with(refId=5), "refId must be a string", "refId", id="refId is a number"),
        pytest.param(
            _with(ref_id=_LONG), "refId must be at most 256 characters long", "refId", id="refId"
        ),
        pytest.param(
            _with(tag=_LONG), "tag must be at most 256 characters long", "tag", id="long tag"
        ),
        pytest.param(
            _with(provider=_LONG),
            "provider must be at most 256 characters long or an object",
            "provider",
            id="provider",
        ),
        pytest.param(
            _with(replyTo="x" * 2049),
            "replyTo must be at most 2048 characters long",
            "replyTo",
            id="url",
        ),
        pytest.param(
            _with(tag="a\x85"), "tag must not contain control characters", "tag", id="a C1 control"
        ),
        pytest.param(
            _with(refId="a\n"),
            "refId must not contain control characters",
            "refId",
            id="a line feed",
        ),
        pytest.param(
            _with(replyTo="http://\ud800"),
            "replyTo must not contain half of a surrogate pair",
            "replyTo",
            id="a url with a lone surrogate",
        ),
        pytest.param(
            _with(timeoutSecs=0),
            "timeoutSecs must be a number above 0",
            "timeoutSecs",
            id="no time",
        ),
        pytest.param(
            _with(timeoutSecs="5"), "timeoutSecs must be a number", "timeoutSecs", id="time as text"
        ),
        pytest.param(
            _with(timeoutSecs=10**400), "timeoutSecs must be a number", "timeoutSecs", id="endless"
        ),
        pytest.param(
            _with(timeoutSecs=True),
            "timeoutSecs must be a number",
            "timeoutSecs",
            id="time is a bool",
        ),
    ],
)
def test_parse_names_the_field_and_the_cure_for(
    value: object, message: str, field: str | None
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_chat_completion(_raw(value))
    assert (caught.value.message, caught.value.field) == (message, field)
    if field is not None:
        with pytest.raises(ValidationFailed) as caught:
            parse_queue_chat_completion(_raw({"Request": value}))
        assert (caught.value.message, caught.value.field) == (
            f"request.{message}",
            f"request.{field}",
        )


@pytest.mark.parametrize(
    ("value", "message", "field"),
    [
        pytest.param([], "The body must be an object", None, id="a list"),
        pytest.param({}, "request is missing", "request", id="no request"),
        pytest.param({"request": None}, "request must be an object", "request", id="null request"),
        pytest.param({"request": "x"}, "request must be an object", "request", id="text request"),
        pytest.param(_with(), "request is missing", "request", id="a request without envelope"),
        pytest.param(
            {"refId": 1, "request": _with()},
            "refId must be a string",
            "refId",
            id="refId is a number",
        ),
        pytest.param(
            {"request": _with(), "Request": 1},
            "request is given more than once; send it once",
            "request",
            id="two requests",
        ),
    ],
)
def test_parse_queue_names_the_field_of_the_envelope_for(
    value: object, message: str, field: str | None
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_queue_chat_completion(_raw(value))
    assert (caught.value.message, caught.value.field) == (message, field)


@pytest.mark.parametrize("name", ["temperature", "timeoutSecs"])
def test_parse_refuses_a_number_that_is_too_large_for_a_float(name: str) -> None:
    text = f'{{"model":"m",{_MESSAGES},"{name}":1e400}}'
    with pytest.raises(ValidationFailed, match=f"{name} must be a finite number"):
        parse_chat_completion(text.encode())


def test_parse_tells_of_one_bad_item_when_there_are_very_many() -> None:
    with pytest.raises(ValidationFailed, match=r"messages\[0\] must be an object") as caught:
        parse_chat_completion(_raw(_with(messages=[1] * 100_000)))
    assert isinstance(caught.value.__cause__, ValidationError)
    assert caught.value.__cause__.error_count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"temperature": 1, "top_p": 0.5, "seed": -1, "n": 10**30}, id="numbers"),
        pytest.param({"stop": "x", "tool_choice": "auto", "function_call": "none"}, id="texts"),
        pytest.param({"stop": ["x"], "modalities": ["text"], "tools": [{}]}, id="lists"),
        pytest.param({"tool_choice": {"type": "function"}, "metadata": {"a": 1}}, id="objects"),
        pytest.param({"top_k": "anything", "extra_body": {"n": True}}, id="unknown fields"),
        pytest.param(
            {"user": "\ud800", "stop": "\ud800"}, id="lone surrogates that are only passed on"
        ),
        pytest.param(
            {"refId": "x" * 256, "replyTo": "é" * 2048, "model": "漢" * 256}, id="longest"
        ),
        pytest.param(
            dict.fromkeys(
                [
                    "temperature",
                    "n",
                    "stream",
                    "stop",
                    "tools",
                    "response_format",
                    "user",
                    "audio",
                    "stream_options",
                    "tool_choice",
                    "functions",
                    "logprobs",
                    "top_p",
                    "timeoutSecs",
                ]
            ),
            id="null for every optional field",
        ),
        pytest.param(
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]},
            id="an assistant that called a tool",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "text"}], "reasoning_content": 1}]},
            id="content parts and an unknown field",
        ),
        pytest.param({"messages": [{"role": "developer"}]}, id="a message without content"),
    ],
)
def test_parse_accepts(fields: dict[str, object]) -> None:
    gateways = ("refId", "replyTo", "timeoutSecs")
    expected = {name: value for name, value in _with(**fields).items() if name not in gateways}
    assert json.loads(parse_chat_completion(_raw(_with(**fields))).chat.body) == expected


@given(st.binary())
def test_parse_raises_nothing_but_malformed_json_for_bytes(raw: bytes) -> None:
    for parse in (parse_chat_completion, parse_queue_chat_completion):
        with pytest.raises((MalformedJson, ValidationFailed)):
            parse(raw)


_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["model", "messages", "role", "content", "type", "request", "tools", "Tag"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_anything, st.sampled_from(["messages", "stop", "tools", "response_format", "x", "tag"]))
def test_parse_raises_nothing_but_validation_failed_for_any_json(value: object, name: str) -> None:
    for parse, body in (
        (parse_chat_completion, value),
        (parse_chat_completion, _with(**{name: value})),
        (parse_queue_chat_completion, {"request": value}),
        (parse_queue_chat_completion, {"request": _with(**{name: value})}),
    ):
        try:
            json.loads(parse(_raw(body)).chat.body)
        except ValidationFailed as error:
            refused = error
        else:
            continue
        assert "is not valid" not in refused.message
        assert refused.field is not None or "The body" in refused.message


# -- with_model ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('{"model":"a","n":1.50}', '{"model":"b","n":1.50}', id="the model"),
        pytest.param(' { "x":1, "model" : "a" } ', ' { "x":1, "model" : "b" } ', id="white space"),
        pytest.param('{"model":"a","model":"c"}', '{"model":"b","model":"b"}', id="two of them"),
        pytest.param('{"mode\\u006c":"a"}', '{"mode\\u006c":"b"}', id="an escaped name"),
        pytest.param(
            '{"metadata":{"model":"a"},"model":"a","x":"\\"model\\":\\"a\\""}',
            '{"metadata":{"model":"a"},"model":"b","x":"\\"model\\":\\"a\\""}',
            id="not one further down",
        ),
    ],
)
def test_with_model_replaces(body: str, expected: str) -> None:
    assert with_model(body, "b") == expected


@pytest.mark.parametrize("body", ['{"model":"b"}', '{"model":"\\u0062"}', '{"x":"a"}'])
def test_with_model_returns_the_same_text_when_nothing_changes(body: str) -> None:
    assert with_model(body, "b") is body


@given(st.text(alphabet=st.characters()))
def test_with_model_leaves_valid_json_for_any_name(model: str) -> None:
    body = with_model('{"model":"m","n":1}', model)
    assert json.loads(body) == {"model": model, "n": 1}
    body.encode()


# -- fingerprint ------------------------------------------------------------------------------


def _fingerprint(text: str) -> str:
    return parse_chat_completion(text.encode()).fingerprint()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f'{{{_MESSAGES},\n "model" : "m"}}', id="another order and white space"),
        pytest.param(f'{{"Model":"\\u006d",{_MESSAGES}}}', id="another spelling and escapes"),
        pytest.param(f'{{"refId":"r","model":"m",{_MESSAGES}}}', id="a RefId"),
        pytest.param(f'{{"tag":null,"provider":"","model":"m",{_MESSAGES}}}', id="empty fields"),
    ],
)
def test_fingerprint_is_the_same_with(text: str) -> None:
    assert _fingerprint(text) == _fingerprint(_PLAIN)


def test_fingerprint_is_the_same_in_an_envelope() -> None:
    direct = f'{{"tag":"t","timeoutSecs":5,"model":"m",{_MESSAGES}}}'
    queued = f'{{"request":{_PLAIN},"Tag":"t","timeoutSecs":5.0}}'.encode()
    assert parse_queue_chat_completion(queued).fingerprint() == _fingerprint(direct)


def test_fingerprint_differs_for_each_thing_that_counts() -> None:
    call = parse_chat_completion(_PLAIN.encode())
    calls = [
        call,
        replace(call, provider="x"),
        replace(call, tag="x"),
        replace(call, reply_to="x"),
        replace(call, timeout_s=1.0),
        *(
            replace(call, chat=replace(call.chat, body=f'{{"x":{value}}}'))
            for value in (
                [
                    "1",
                    "1.0",
                    "1.00",
                    "1e400",
                    "1e401",
                    '"1.0"',
                    '{"number":"1.0"}',
                    "null",
                    "[]",
                    "{}",
                    '{"a":1,"a":2}',
                    '{"a":2,"a":1}',
                    '{"a":2}',
                    '[["a",2]]',
                    '"\\ud800"',
                    '{"object":[["a",2]]}',
                    '{"object":[]}',
                    "true",
                ]
            )
        ),
    ]
    assert len({each.fingerprint() for each in calls}) == len(calls)


def test_fingerprint_does_not_depend_on_names_order_at_any_depth() -> None:
    one, other = '{"b":[{"y":1,"x":2}],"a":0.10}', '{"a":0.10,"b":[{"x":2,"y":1}]}'
    assert _fingerprint(f'{{"model":"m",{_MESSAGES},"z":{one}}}') == _fingerprint(
        f'{{"z":{other},"model":"m",{_MESSAGES}}}'
    )


def test_fingerprint_is_found_for_the_deepest_body_that_is_accepted() -> None:
    deep = '{"a":[' * 63 + "1" + "]}" * 63
    for nested in (deep, '{"a":' * 127 + "1" + "}" * 127):
        assert len(_fingerprint(f'{{"model":"m",{_MESSAGES},"x":{nested}}}')) == 64


def test_chat_completion_keeps_provider_object_when_it_is_the_llm_vendors_own() -> None:
    raw = b'{"model":"m","messages":[{"role":"user","content":"x"}],"provider":{"order":["a"]}}'
    call = parse_chat_completion(raw)
    assert call.chat.body.encode() == raw
    assert call.provider is None
