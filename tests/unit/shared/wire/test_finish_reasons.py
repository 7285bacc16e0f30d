"""Reasons in others' words, as they are told to clients that have their own."""

from __future__ import annotations

import json

import pytest

from shared.operation import Operation
from shared.wire.ollama_chat import end_of
from tests.unit.workers.providers.by_chat.test_by_chat import delta, told
from workers.providers.answers.unstreamed import events_of
from workers.providers.anthropic.response import finish_reason

_CUT = ["length", "LENGTH", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens"]
_FILTERED = ["content_filter", "sensitive", "SAFETY", "refusal", "content_filtered"]
_WHOLE = ["stop", "STOP", "eos", "end_turn", "tool_calls", "anything"]
_STATUSES = [
    *((reason, "incomplete", "max_output_tokens") for reason in _CUT),
    *((reason, "incomplete", "content_filter") for reason in _FILTERED),
    *((reason, "completed", None) for reason in _WHOLE),
]


@pytest.mark.parametrize(("reason", "status", "why"), _STATUSES)
def test_response_is_told_as_the_chat_ended(reason: str, status: str, why: str | None) -> None:
    _, whole = told(delta(reason, content="Hi"))
    assert whole["status"] == status
    assert (whole["incomplete_details"] or {}).get("reason") == why


@pytest.mark.parametrize("reason", [*_CUT, *_FILTERED, *_WHOLE])
def test_ollamas_client_is_told_whether_it_was_cut(reason: str) -> None:
    wanted = "length" if reason in _CUT else "stop"
    assert end_of(reason, None, 1)["done_reason"] == wanted


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        *((reason, "length") for reason in _CUT),
        *((reason, "content_filter") for reason in _FILTERED),
        ("tool_calls", "tool_calls"),
        ("tool_use", "tool_calls"),
        ("new", "stop"),
        (None, "stop"),
    ],
)
def test_messages_reason_is_openais(reason: str | None, wanted: str) -> None:
    assert finish_reason(reason) == wanted


def test_call_without_arguments_has_an_empty_object() -> None:
    call = {"index": 0, "id": "x", "function": {"name": "a"}}
    _, whole = told(delta("tool_calls", tool_calls=[call]))
    assert whole["output"][0]["arguments"] == "{}"


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({}, "tool_calls"),
        ({"finish_reason": None, "finishReason": "LENGTH"}, "length"),
        ({"finish_reason": "stop"}, "stop"),
    ],
)
def test_whole_chat_told_as_a_stream_ends_as_it_fits(about: dict[str, str], reason: str) -> None:
    message = {"content": None, "tool_calls": [{"id": "x", "function": {"name": "a"}}]}
    body = json.dumps({"choices": [{"index": 0, "message": message, **about}]}).encode()
    *_, last = map(json.loads, events_of(Operation.CHAT, body))
    assert last["choices"][0]["finish_reason"] == reason
