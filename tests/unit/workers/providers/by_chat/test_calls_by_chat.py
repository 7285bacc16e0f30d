"""Calls of tools that a chat tells at one place become items of a response of their own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.workers.providers.by_chat.test_by_chat import delta, told


@pytest.mark.parametrize("place", [{"index": 0}, {"index": None}, {}])
def test_calls_at_one_place_stay_apart(place: dict[str, Any]) -> None:
    """Ollama has told all calls of an answer with the index 0, and with none before that."""
    sent, whole = told(
        *(
            delta(tool_calls=[{**place, "id": name, "function": {"name": "f", "arguments": "{}"}}])
            for name in "ab"
        ),
        delta("tool_calls", tool_calls=[{**place, "id": "b", "function": {"arguments": " "}}]),
    )
    calls = [(item["call_id"], item["arguments"], item["status"]) for item in whole["output"]]
    assert calls == [("a", "{}", "completed"), ("b", "{} ", "completed")]
    done = [event for event in sent if event["type"] == "response.output_item.done"]
    assert [event["item"]["call_id"] for event in done] == ["a", "b"]


def test_calls_are_told_apart_by_the_rule_of_all_streams() -> None:
    """An id of its own in each piece makes no calls, and a call goes on behind another one."""
    pieces = [
        {"index": 0, "id": "a", "function": {"name": "f"}},
        {"index": 0, "id": "1", "function": {"arguments": '{"q":'}},
        {"index": 0, "id": "b", "function": {"name": "g", "arguments": "{}"}},
        {"index": 0, "id": "a", "function": {"arguments": "1}"}},
    ]
    _, whole = told(*(delta(tool_calls=[piece]) for piece in pieces), delta("tool_calls"))
    calls = [(item["call_id"], item["name"], item["arguments"]) for item in whole["output"]]
    assert calls == [("a", "f", '{"q":1}'), ("b", "g", "{}")]
