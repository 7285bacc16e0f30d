"""The other requests of OpenAI's API: what is taken out of them, and what two have in common."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import ValidationFailed
from shared.operation import Operation
from shared.wire.chat_request import with_values
from shared.wire.operation_request import (
    parse_completion,
    parse_embedding,
    parse_moderation,
    parse_response,
)


def test_completion_is_read_with_the_gateways_fields_taken_out() -> None:
    call = parse_completion(
        b'{"RefId":"r","tag":"t", "prompt" :[1] ,"MaxTokens":5,"model":"m","stream":true,"x":1.50}'
    )
    assert call.chat.body == '{"prompt" :[1] ,"max_tokens":5,"model":"m","stream":true,"x":1.50}'
    assert (call.chat.operation, call.chat.stream) == (Operation.COMPLETION, True)
    assert (call.ref_id, call.tag) == ("r", "t")


def test_nothing_below_the_top_level_is_looked_at() -> None:
    body = b'{"model":"m","input":[{"maxTokens":1,"RefId":"x"}],"text":{"Format":{"refId":1}}}'
    assert parse_response(body).call.chat.body.encode() == body


def test_embedding_never_streams() -> None:
    assert not parse_embedding(b'{"model":"m","input":"x","stream":true}').chat.stream


@pytest.mark.parametrize(
    ("given", "is_background"), [("true", True), ("false", False), ("null", False)]
)
def test_background_does_not_reach_the_provider(given: str, is_background: bool) -> None:
    asked = parse_response(b'{"model":"m","background":%b,"input":"x"}' % given.encode())
    assert asked.is_background is is_background
    assert asked.call.chat.body == '{"model":"m","input":"x"}'


def test_response_may_have_no_input() -> None:
    asked = parse_response(b'{"model":"m","prompt":{"id":"p"},"previous_response_id":"resp_1"}')
    assert (asked.previous, asked.is_background) == ("resp_1", False)


@pytest.mark.parametrize(
    ("parse", "body", "field"),
    [
        (parse_completion, {"model": "m"}, "prompt"),
        (parse_completion, {"model": "m", "prompt": {}}, "prompt"),
        (parse_completion, {"model": "m", "prompt": []}, "prompt"),
        (parse_completion, {"model": "m", "prompt": "x", "stop": 1}, "stop"),
        (parse_completion, {"prompt": "x"}, "model"),
        (parse_embedding, {"model": "m", "input": None}, "input"),
        (parse_embedding, {"model": "m", "input": "x", "dimensions": "8"}, "dimensions"),
        (parse_embedding, {"model": "m", "input": "x", "refId": 1}, "refId"),
        (parse_response, {"model": "m", "input": ["x"]}, "input[0]"),
        (parse_response, {"model": "m", "input": "x", "background": {}}, "background"),
        (parse_response, {"model": "m", "input": "x", "stream": "yes"}, "stream"),
        (parse_embedding, {"model": "m", "input": [None]}, "input[0]"),
        (parse_embedding, {"model": "m", "input": [{}]}, "input[0]"),
        (parse_embedding, {"model": "m", "input": [1, "a"]}, "input[0]"),
        (parse_embedding, {"model": "m", "input": [["a"]]}, "input[0][0]"),
        (parse_completion, {"model": "m", "prompt": [[]]}, "prompt[0]"),
        (parse_moderation, {"input": [{}]}, "input[0].type"),
        (parse_moderation, {"input": [None]}, "input[0]"),
        (parse_response, {"prompt": {}}, "prompt.id"),
        (parse_response, {"prompt": "p"}, "prompt"),
    ],
)
def test_bad_request_names_the_field(parse: Any, body: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        parse(json.dumps(body).encode())
    assert raised.value.field == field


@pytest.mark.parametrize("value", ["a", ["a", "b"], [1, 2], [[1, 2], [3]]])
def test_texts_and_tokens_are_taken_in_all_their_forms(value: Any) -> None:
    assert parse_embedding(json.dumps({"model": "m", "input": value}).encode())
    assert parse_completion(json.dumps({"model": "m", "prompt": value}).encode())


def test_pictures_are_judged_beside_texts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]
    assert parse_moderation(json.dumps({"input": parts}).encode())


def test_two_operations_with_one_body_are_not_the_same_request() -> None:
    body = b'{"model":"m","input":"x"}'
    embedding, response = parse_embedding(body), parse_response(body).call
    assert embedding.chat.body == response.chat.body
    assert embedding.fingerprint() != response.fingerprint()
    assert embedding.fingerprint() == parse_embedding(b'{ "input":"x","model":"m"}').fingerprint()


def test_with_values_changes_these_values_and_no_other_byte() -> None:
    body = '{ "id" : "a","b":{"id":"a"},"n":1.50, "background":false}'
    changed = with_values(body, {"id": "z", "background": True, "absent": 1})
    assert changed == '{ "id" : "z","b":{"id":"a"},"n":1.50, "background":true}'
    assert with_values(body, {"id": "a"}) is body
