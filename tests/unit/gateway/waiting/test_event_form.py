"""How chunks look as events: chats, and responses with their names and numbers."""

from __future__ import annotations

import json
from typing import Any

from gateway.waiting.event_form import ChunkEvents, ResponseEvents, form_of
from shared.errors import Failure
from shared.jobs.job import failure_body
from shared.operation import Operation

ERROR = failure_body(Failure(502, "server_error", "stream_broken", "It broke."))


def event(number: int, kind: str = "response.x", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "sequence_number": number, **fields}).encode()


def test_chunks_of_a_chat_are_data_alone_and_end_with_done() -> None:
    form = form_of(Operation.CHAT)
    assert isinstance(form, ChunkEvents)
    assert form.chunk(b'{"a":1}', "1-1.1") == b'id: 1-1.1\ndata: {"a":1}\n\n'
    assert form.done() == b"data: [DONE]\n\n"
    assert form.failed(ERROR) == b"data: " + ERROR + b"\n\n"


def test_event_of_a_response_has_its_name_and_no_byte_of_it_changes() -> None:
    form = form_of(Operation.RESPONSE)
    odd = b'{ "type":"response.x" ,"sequence_number":0,"n":1.50 }'
    assert form.chunk(odd, "1-1.1") == b"event: response.x\nid: 1-1.1\ndata: " + odd + b"\n\n"
    assert form.done() == b""


def test_event_without_a_name_is_passed_on_without_one() -> None:
    assert ResponseEvents().chunk(b'{"a":1}', "1-1.1") == b'id: 1-1.1\ndata: {"a":1}\n\n'
    assert ResponseEvents().chunk(b'{"type":"a\\nb"}', "1-1.1").startswith(b"id: ")


def test_events_that_the_client_has_are_left_out() -> None:
    form = ResponseEvents(after=1)
    told = [form.chunk(event(number), "1-1.1") for number in range(4)]
    assert [bool(text) for text in told] == [False, False, True, True]


def test_event_without_a_number_is_never_left_out() -> None:
    assert ResponseEvents(after=9).chunk(b'{"type":"x"}', "1-1.1")


def test_failure_is_an_error_event_behind_the_last_number() -> None:
    form = ResponseEvents()
    form.chunk(event(4), "1-1.1")
    head, data, *_ = form.failed(ERROR).split(b"\n")
    told = json.loads(data.removeprefix(b"data: "))
    assert head == b"event: error"
    assert (told["type"], told["sequence_number"], told["code"], told["message"]) == (
        "error",
        5,
        "stream_broken",
        "It broke.",
    )
    assert told["error"] == json.loads(ERROR)["error"]


def test_id_of_the_response_is_told_once_before_the_client_hears_it() -> None:
    told: list[str] = []
    form = ResponseEvents(after=5, tell=told.append)
    form.chunk(event(0, response={"id": "r1"}), "1-1.1")
    assert told == ["r1"], "also when the client has that event"
    form.chunk(event(1, response={"id": "r1"}), "1-1.2")
    assert told == ["r1"]
