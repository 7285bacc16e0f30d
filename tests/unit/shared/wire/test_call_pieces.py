"""Calls of tools from their pieces, as whoever reads them has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.waiting.ollama_lines import OllamaChatLines
from shared.wire.answers.call_pieces import Calls, told_once
from shared.wire.usage import usage_in
from tests.unit.workers.providers.by_chat.test_by_chat import delta, told

Json = dict[str, Any]


def piece(name: str = "", arguments: Any = "", **about: Any) -> Json:
    return {"function": {"name": name, "arguments": arguments}, **about}


@pytest.mark.parametrize(
    ("arguments", "once"),
    [
        ("", ""),
        ("{}", "{}"),
        ('{"a":1}', '{"a":1}'),
        ('{}{"a":1}', '{"a":1}'),
        ('{} \n {"a": 1} ', '{"a": 1}'),
        ('{"a":1}{"a": 1}', '{"a": 1}'),
        ('{"a":1}{"a":2}', '{"a":1}{"a":2}'),
        ('{"a":"}{"}', '{"a":"}{"}'),
        ('{}{"a":', '{}{"a":'),
        ("{}{}", "{}{}"),
    ],
)
def test_arguments_are_told_once(arguments: str, once: str) -> None:
    assert told_once(arguments) == once


def test_pieces_of_one_delta_with_a_name_each_are_calls_of_their_own() -> None:
    calls = Calls()
    for number, one in enumerate([piece("a"), piece("b"), piece(arguments="{}")]):
        calls.add(one, is_first=number == 0)
    assert [(one.name, one.arguments) for one in calls.all] == [("a", ""), ("b", "{}")]


def test_name_told_in_pieces_is_one_name() -> None:
    calls = Calls()
    for one in (piece("get_", index=0, id="x"), piece("time", "{}", index=0, id="x")):
        calls.add(one)
    assert [one.name for one in calls.all] == ["get_time"]


_ODD = [
    [piece("a", "{}", index=0, id="x"), piece("b", "{}", index=1, id="x")],
    [piece(arguments='{"q":1}', index=0)],
]


def test_calls_that_share_an_id_are_items_of_a_response() -> None:
    _, whole = told(*(delta(tool_calls=one) for one in _ODD), delta("stop"))
    items = [(item["name"], item["arguments"]) for item in whole["output"]]
    assert items == [("a", '{"q":1}'), ("b", "{}")]


def test_calls_that_share_an_id_are_ollamas() -> None:
    lines = OllamaChatLines("m")
    for one in _ODD:
        lines.chunk(json.dumps(delta(tool_calls=one)).encode(), "1-0")
    calls = json.loads(lines.done().splitlines()[0])["message"]["tool_calls"]
    assert [call["function"] for call in calls] == [
        {"name": "a", "arguments": {"q": 1}},
        {"name": "b", "arguments": {}},
    ]


def test_usage_of_groqs_own_member_counts() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert usage_in({"choices": [], "x_groq": {"id": "r", "usage": usage}}).total == 5
    assert usage_in({"choices": [], "x_groq": "r"}).total == 0
