"""The events of the Responses API: which one is the last, and the response in it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import MalformedJson
from shared.wire import response_events
from shared.wire.response_events import ResponseFold


@pytest.mark.parametrize(
    ("event", "is_last"),
    [
        (b'{"type":"response.completed","response":{}}', True),
        (b'{"response":{"a":1}, "type" : "response.incomplete"}', True),
        (b'{"type":"response.failed"}', True),
        (b'{"type":"response.in_progress"}', False),
        (b'{"type":"response.output_text.delta","delta":"\\"response.completed\\""}', False),
        (b'{"type":"x","delta":"response.completed"}', False),
        (b'{"type":"x","y":"response.failed"}', False),
        (b'["response.completed"]', False),
        (b'"response.completed" {', False),
    ],
)
def test_is_last(event: bytes, is_last: bool) -> None:
    assert response_events.is_last(event) is is_last


@pytest.mark.parametrize(
    ("event", "name", "number", "response_id"),
    [
        ({"type": "a.b", "sequence_number": 0, "response": {"id": "r"}}, "a.b", 0, "r"),
        ({"type": "a\nb", "sequence_number": True, "response": {"id": 7}}, None, None, None),
        ({"type": None, "sequence_number": "1", "response": "r"}, None, None, None),
        ({}, None, None, None),
    ],
)
def test_event_is_read(
    event: dict[str, Any], name: str | None, number: int | None, response_id: str | None
) -> None:
    assert response_events.name_of(event) == name
    assert response_events.number_of(event) == number
    assert response_events.response_id_of(event) == response_id


def folded(*events: bytes) -> ResponseFold:
    fold = ResponseFold()
    for event in events:
        fold.add(response_events.parse(event), event)
    return fold


def test_fold_is_the_response_of_the_last_event_as_it_is_written() -> None:
    response = b'{ "id":"r", "n":1.50,"big":123456789012345678901234567890,"u":"\\u00fc" }'
    fold = folded(
        b'{"type":"response.created","response":{"id":"r"}}',
        b'{"response": ' + response + b' ,"type":"response.completed"}',
    )
    assert fold.is_complete
    assert fold.whole() == response


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="nothing"),
        pytest.param([b'{"type":"response.created","response":{}}'], id="no last event"),
        pytest.param([b'{"type":"response.completed"}'], id="a last event without a response"),
    ],
)
def test_fold_without_a_last_event_is_not_complete(events: list[bytes]) -> None:
    assert not folded(*events).is_complete


def test_response_that_is_no_json_cannot_be_stored() -> None:
    fold = folded(b'{"type":"response.completed","response":{"a":NaN}}')
    with pytest.raises(MalformedJson):
        fold.whole()
