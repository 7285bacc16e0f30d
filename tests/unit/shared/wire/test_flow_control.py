"""How flow keys are read: fields of an envelope, beside a request, never a provider's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import ValidationFailed
from shared.wire.chat_request import parse_chat_completion, parse_queue_chat_completion
from shared.wire.queueing.flow_control import Flow, rate_text, read_flow

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("told", "flow"),
    [
        pytest.param({"maxParallel": 2}, Flow("k", 2), id="so many at once"),
        pytest.param({"maxParallel": "2"}, Flow("k", 2), id="as a form has it"),
        pytest.param({"maxParallel": 2.0}, Flow("k", 2), id="as some languages write it"),
        pytest.param({"rate": "10/s"}, Flow("k", 0, 10, 1000), id="a second"),
        pytest.param({"rate": "60/m"}, Flow("k", 0, 60, 60_000), id="a minute"),
        pytest.param({"rate": "60/min"}, Flow("k", 0, 60, 60_000), id="a minute by its name"),
        pytest.param({"rate": "5 per hour"}, Flow("k", 0, 5, 3_600_000), id="in words"),
        pytest.param({"rate": "9/30 Seconds"}, Flow("k", 0, 9, 30_000), id="in capitals"),
        pytest.param({"rate": "9/2hrs"}, Flow("k", 0, 9, 7_200_000), id="in short"),
        pytest.param({"rate": "5/30s"}, Flow("k", 0, 5, 30_000), id="any period"),
        pytest.param({"rate": 12}, Flow("k", 0, 12, 60_000), id="a number is a minute's"),
        pytest.param({"rate": "1/d", "maxParallel": 3}, Flow("k", 3, 1, 86_400_000), id="both"),
    ],
)
def test_flow_is_read(told: dict[str, Any], flow: Flow) -> None:
    assert read_flow({"flowKey": "k", **told}) == flow
    assert Flow.of("k", flow.limits) == flow


@pytest.mark.parametrize(
    ("told", "field"),
    [
        pytest.param({}, "flowKey", id="no limit at all"),
        pytest.param({"maxParallel": 0}, "maxParallel", id="none at once"),
        pytest.param({"maxParallel": 1.5}, "maxParallel", id="half a job"),
        pytest.param({"maxParallel": True}, "maxParallel", id="a truth"),
        pytest.param({"maxParallel": "two"}, "maxParallel", id="a word"),
        pytest.param({"rate": "10/y"}, "rate", id="an unknown unit"),
        pytest.param({"rate": "1000/month"}, "rate", id="a month is no minute"),
        pytest.param({"rate": "10/ms"}, "rate", id="nor is a millisecond"),
        pytest.param({"rate": "10/\u017f"}, "rate", id="an old s"),
        pytest.param({"rate": "0/s"}, "rate", id="none"),
        pytest.param({"rate": "1/2d"}, "rate", id="too long a period"),
        pytest.param({"rate": "99999/s"}, "rate", id="too many"),
        pytest.param({"rate": [1]}, "rate", id="a list"),
        pytest.param({"flowKey": "x" * 129, "rate": 1}, "flowKey", id="too long a key"),
        pytest.param({"flowKey": "a\x1fb", "rate": 1}, "flowKey", id="a control character"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(told: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        read_flow({"flowKey": "k", **told})
    assert caught.value.field == field


@pytest.mark.parametrize(
    "envelope",
    [
        {"flowKey": "k", "maxParallel": 2, "rate": "5/s", "request": CHAT},
        {"FlowKey": "k", "MaxParallel": 2, "Rate": "5/s", "request": CHAT},
        {"flow_key": "k", "max_parallel": 2, "rate": "5/s", "request": CHAT},
        {"request": {**CHAT, "flowKey": "k", "maxParallel": 2, "rate": "5/s"}},
    ],
)
def test_envelope_names_its_flow_in_any_casing(envelope: dict[str, Any]) -> None:
    call = parse_queue_chat_completion(json.dumps(envelope).encode())
    assert call.flow == Flow("k", 2, 5, 1000)
    assert json.loads(call.chat.body) == CHAT


def test_provider_gets_a_field_that_only_sounds_like_ours() -> None:
    body = {**CHAT, "rate": 1.2, "maxParallel": 3}
    call = parse_chat_completion(json.dumps(body).encode())
    assert (json.loads(call.chat.body), call.flow) == (body, None)
    queued = {"flowKey": "k", "maxParallel": 2, "request": body}
    call = parse_queue_chat_completion(json.dumps(queued).encode())
    assert (json.loads(call.chat.body), call.flow) == (body, Flow("k", 2))


def test_limits_without_a_key_are_refused_in_an_envelope() -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_queue_chat_completion(json.dumps({"maxParallel": 2, "request": CHAT}).encode())
    assert caught.value.field == "maxParallel"


def test_other_limits_are_another_request() -> None:
    def print_of(**told: Any) -> str:
        raw = json.dumps({"refId": "r", "request": CHAT, **told}).encode()
        return parse_queue_chat_completion(raw).fingerprint()

    prints = [
        print_of(),
        print_of(flowKey="k", rate=5),
        print_of(flowKey="k", rate=6),
        print_of(flowKey="k", maxParallel=5),
    ]
    assert len(set(prints)) == 4


@pytest.mark.parametrize("rate", ["10/s", "5/30s", "60/m", "3/90s", "7/h", "1/d"])
def test_rate_is_told_as_it_was_written(rate: str) -> None:
    flow = read_flow({"flowKey": "k", "rate": rate})
    assert flow is not None
    assert rate_text(flow) == rate
